//! Numbers, exactly: what JSON writes, compared as decimals and never through a float.
//!
//! Two spellings of one value are one [`Number`]: `1`, `1.0` and `1e0`. Whole numbers of 64 bits are
//! held as such, which is nearly all of them; any other is its significant digits and the exponent of
//! the first. The exponent is never written out as zeros, so that `1e999999999` costs ten bytes and
//! not a gigabyte. What does not fit is an exponent beyond 64 bits: such a text is no number here.
//!
//! A big-number crate would add arithmetic, which nobody asks for; all that is needed is an order.

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal number; equal values are equal, however they were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Held);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Held {
    /// Every whole number that fits is held so, and no other.
    Whole(i64),
    /// The bytes of [`Form::Digits`].
    Digits(Box<[u8]>),
}

impl Number {
    /// Reads a number as JSON writes it. `None` when the text is no JSON number, or its exponent does not fit 64 bits.
    ///
    /// ```
    /// use portcullis::condition::Number;
    /// assert_eq!(Number::parse("1.0"), Number::parse("1e0"));
    /// assert!(Number::parse("9007199254740993") > Number::parse("9007199254740992"));
    /// assert!(Number::parse("1e400") > Number::parse("1e308"));
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Number> {
        // JSON has no `+1` and no `01`.
        let plain = text.strip_prefix('-').unwrap_or(text);
        let is_short = plain.len() < 18 && !plain.starts_with('0') && !plain.is_empty();
        if is_short && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|whole| Number(Held::Whole(whole)));
        }
        if !crate::json::is_number(text.as_bytes()) {
            return None;
        }
        let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (plain, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let exponent = i128::from(exponent) + whole.len() as i128 - 1 - leading as i128;
        Some(Number::of_digits(plain.len() < text.len(), exponent, significant))
    }

    /// The number of these digits, the first of which, if there is any, is not zero.
    fn of_digits(negative: bool, exponent: i128, digits: &str) -> Number {
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Number(Held::Whole(0));
        }
        Number(match whole_number(negative, exponent, digits) {
            Some(whole) => Held::Whole(whole),
            None => {
                let sign = [u8::from(negative)];
                Held::Digits([&sign[..], &exponent.to_le_bytes(), digits.as_bytes()].concat().into())
            }
        })
    }

    /// The number as a value that is copied freely.
    #[inline]
    #[must_use]
    pub fn as_decimal(&self) -> Decimal<'_> {
        Decimal(match &self.0 {
            Held::Whole(whole) => Form::Whole(*whole),
            Held::Digits(bytes) => Form::Digits(bytes),
        })
    }
}

/// The digits as a whole number of 64 bits, if they are one.
fn whole_number(negative: bool, exponent: i128, digits: &str) -> Option<i64> {
    let zeros = exponent - (digits.len() as i128 - 1);
    // Nineteen digits at most, so nothing below overflows.
    if !(0..=18).contains(&exponent) || zeros < 0 {
        return None;
    }
    let magnitude = digits.parse::<i128>().ok()? * 10_i128.pow(u32::try_from(zeros).ok()?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Number(Held::Whole(whole))
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        let digits = whole.to_string();
        i64::try_from(whole)
            .map_or_else(|_| Number::of_digits(false, digits.len() as i128 - 1, &digits), Number::from)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_decimal().cmp(&other.as_decimal())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_decimal().fmt(f)
    }
}

/// A [`Number`] that lies elsewhere: in a literal, or among an object's properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal<'a>(pub(super) Form<'a>);

/// The two forms, each canonical: equal values have equal forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    Whole(i64),
    /// The sign (1 is negative), the exponent of the first digit in 16 bytes, which the exponent of a text and its length together
    /// never fill, and the significant digits as text: the first and the last are not zero.
    Digits(&'a [u8]),
}

/// Room for the digits of any whole number of 64 bits.
type Room = [u8; 20];

impl<'a> Form<'a> {
    /// Sign (-1, 0 or 1), exponent of the first digit, and significant digits.
    fn parts<'b>(self, room: &'b mut Room) -> (i8, i128, &'b [u8])
    where
        'a: 'b,
    {
        match self {
            Form::Digits(bytes) => {
                let (&negative, rest) = bytes.split_first().unwrap_or((&0, &[]));
                let (exponent, digits) = rest.split_first_chunk().unwrap_or((&[0; 16], &[]));
                (if negative == 0 { 1 } else { -1 }, i128::from_le_bytes(*exponent), digits)
            }
            Form::Whole(whole) => {
                let mut left = whole.unsigned_abs();
                let mut start = room.len();
                for (at, slot) in room.iter_mut().enumerate().rev() {
                    if left == 0 {
                        break;
                    }
                    *slot = b'0' + (left % 10) as u8;
                    left /= 10;
                    start = at;
                }
                let digits = room.get(start..).unwrap_or(&[]);
                let exponent = digits.len() as i128 - 1;
                let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
                (whole.signum() as i8, exponent, digits.get(..digits.len() - zeros).unwrap_or(&[]))
            }
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Form::Whole(one), Form::Whole(other)) = (self.0, other.0) {
            return one.cmp(&other);
        }
        let (mut room, mut other_room) = ([0; 20], [0; 20]);
        let (sign, exponent, digits) = self.0.parts(&mut room);
        let (other_sign, other_exponent, other_digits) = other.0.parts(&mut other_room);
        // Digits that end with another one than zero are in order as text is.
        let magnitude = || exponent.cmp(&other_exponent).then_with(|| digits.cmp(other_digits));
        sign.cmp(&other_sign).then_with(|| if sign < 0 { magnitude().reverse() } else { magnitude() })
    }
}

impl fmt::Display for Decimal<'_> {
    /// As JSON, the same for every spelling of a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Form::Whole(whole) = self.0 {
            return write!(f, "{whole}");
        }
        let mut room = [0; 20];
        let (sign, exponent, digits) = self.0.parts(&mut room);
        let digits = std::str::from_utf8(digits).unwrap_or("");
        let sign = if sign < 0 { "-" } else { "" };
        let places = usize::try_from(exponent + 1).ok().filter(|&places| places <= 21);
        if let Some((whole, fraction)) = places.and_then(|places| digits.split_at_checked(places)) {
            let whole = if whole.is_empty() { "0" } else { whole };
            let point = if fraction.is_empty() { "" } else { "." };
            return write!(f, "{sign}{whole}{point}{fraction}");
        }
        if (-7..0).contains(&exponent) {
            let zeros = "0".repeat(usize::try_from(-1 - exponent).unwrap_or(0));
            return write!(f, "{sign}0.{zeros}{digits}");
        }
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{first}{point}{rest}e{exponent}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn spellings_of_one_value_are_one_number() {
        for same in [
            &["1", "1.0", "1e0", "10e-1", "0.1e1", "1.000", "0.001E+3"][..],
            &["0", "-0", "0.0", "-0e5", "0e-99", "0E9223372036854775807"],
            &["100000", "1e5", "1E+5", "1000000e-1"],
            &["-9223372036854775808", "-9223372036854775808.0", "-9.223372036854775808e18"],
            &["9223372036854775808", "9.223372036854775808e18"],
            &["0.1", "1e-1", "0.10", "100e-3"],
            &["1e400", "10e399", "0.1e401"],
        ] {
            for text in same {
                assert_eq!(number(text), number(same[0]), "{text}");
                assert_eq!(number(text).to_string(), number(same[0]).to_string());
            }
        }
        assert_eq!(number("1e000000000000000000000000005"), number("100000"));
    }

    #[test]
    fn numbers_are_in_order_whatever_their_form() {
        let ascending = [
            "-1e400",
            "-1e308",
            "-9223372036854775809",
            "-9223372036854775808",
            "-2.5",
            "-2",
            "-1.5",
            "-1e-400",
            "0",
            "1e-400",
            "0.1",
            "0.10000000000000000000001",
            "0.3",
            "1",
            "1.5",
            "2",
            "10",
            "15",
            "100",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "1e19",
            "1e308",
            "1e400",
            "1e9223372036854775807",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (other_at, other) in ascending.iter().enumerate() {
                assert_eq!(number(one).cmp(&number(other)), at.cmp(&other_at), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_no_json_number_or_too_far_out_is_none() {
        for text in ["", "-", "+1", "01", "1.", ".5", "1e", "0x1", "NaN", "1 ", "--1", "-01", "1e1.5", "1_0"]
        {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert!(Number::parse("1e9223372036854775807").is_some());
        assert_eq!(Number::parse("1e9223372036854775808"), None);
        assert_eq!(Number::parse("0e-9223372036854775809"), None);
    }

    #[test]
    fn an_exponent_is_never_written_out() {
        assert_eq!(number("1e9223372036854775807").to_string(), "1e9223372036854775807");
        assert_eq!(number("-12.5e-999999999").to_string(), "-1.25e-999999998");
        assert_eq!(number("0.000125").to_string(), "0.000125");
        assert_eq!(number("123456789012345678901234567890").to_string(), "1.2345678901234567890123456789e29");
    }

    #[test]
    fn the_largest_number_of_64_bits_is_itself() {
        assert_eq!(Number::from(u64::MAX), number("18446744073709551615"));
        assert_eq!(Number::from(7_u64), number("7"));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_as_the_same(digits in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?") {
            let one = number(&digits);
            prop_assert_eq!(&number(&one.to_string()), &one);
        }

        #[test]
        fn decimals_are_in_the_order_of_scaled_integers(a in any::<i64>(), b in any::<i64>(), scale in 0_i32..40) {
            let scaled = |whole: i64| number(&format!("{whole}e-{scale}"));
            prop_assert_eq!(scaled(a).cmp(&scaled(b)), a.cmp(&b));
        }
    }
}
