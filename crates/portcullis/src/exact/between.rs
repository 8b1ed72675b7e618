//! Numbers and times that lie between others: the witnesses of the open intervals between named constants.
//!
//! Only an order is needed of numbers elsewhere, so there is no arithmetic to borrow; but a value strictly between
//! two decimals is a matter of writing one more digit. Times are treated the same way, as text. What is
//! returned is read back and compared, so that a slip here costs an answer and never makes a wrong one.

use crate::condition::{Instant, Number};

/// A number above one and below the other, if it can be written.
pub(super) fn number_between(low: Option<&Number>, high: Option<&Number>) -> Option<Number> {
    let found = match (low, high) {
        (None, None) => Some(Number::from(1_i64)),
        (Some(low), None) => above(low),
        (None, Some(high)) => {
            Some(Digits::of(&above(&Digits::of(high).negated().number()?)?).negated().number()?)
        }
        (Some(low), Some(high)) => inside(low, high),
    };
    found.filter(|found| low.is_none_or(|low| low < found) && high.is_none_or(|high| found < high))
}

/// The sign, the exponent of the first digit, and the significant digits: none for zero.
struct Digits {
    negative: bool,
    exponent: i128,
    digits: String,
}

impl Digits {
    fn of(number: &Number) -> Digits {
        let text = number.to_string();
        let plain = text.strip_prefix('-').unwrap_or(&text);
        let (mantissa, exponent) = plain.split_once('e').unwrap_or((plain, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        Digits {
            negative: plain.len() < text.len(),
            exponent: exponent.parse::<i128>().unwrap_or(0) + whole.len() as i128 - 1 - leading as i128,
            digits: significant.trim_end_matches('0').to_owned(),
        }
    }

    fn negated(self) -> Digits {
        Digits { negative: !self.negative && !self.digits.is_empty(), ..self }
    }

    fn number(&self) -> Option<Number> {
        let Some((first, rest)) = self.digits.split_at_checked(1) else { return Some(Number::from(0_i64)) };
        let (sign, point) = (if self.negative { "-" } else { "" }, if rest.is_empty() { "" } else { "." });
        Number::parse(&format!("{sign}{first}{point}{rest}e{}", self.exponent))
    }
}

fn whole(number: &Number) -> Option<i64> {
    number.to_string().parse().ok()
}

fn above(low: &Number) -> Option<Number> {
    if let Some(next) = whole(low).and_then(|low| low.checked_add(1)) {
        return Some(Number::from(next));
    }
    let low = Digits::of(low);
    if low.negative {
        return Some(Number::from(0_i64));
    }
    Digits { negative: false, exponent: low.exponent + 1, digits: "1".to_owned() }.number()
}

fn inside(low: &Number, high: &Number) -> Option<Number> {
    if let (Some(low), Some(high)) = (whole(low), whole(high))
        && low.checked_add(1).is_some_and(|next| next < high)
    {
        return Some(Number::from(low + 1));
    }
    let (one, other) = (Digits::of(low), Digits::of(high));
    if one.negative && !other.negative && !other.digits.is_empty() {
        return Some(Number::from(0_i64));
    }
    if one.negative {
        return positive(&other.negated(), &one.negated()).map(Digits::negated)?.number();
    }
    positive(&one, &other)?.number()
}

/// Both of them zero or more.
fn positive(low: &Digits, high: &Digits) -> Option<Digits> {
    if low.digits.is_empty() {
        return Some(Digits {
            negative: false,
            exponent: high.exponent.checked_sub(1)?,
            digits: "1".to_owned(),
        });
    }
    // One more digit, beyond the last of both, makes it larger by less than what the two differ.
    let width = low.digits.len().max(high.digits.len());
    Some(Digits { negative: false, exponent: low.exponent, digits: format!("{:0<width$}1", low.digits) })
}

/// A time after one and before the other, if RFC 3339 can write it.
pub(super) fn time_between(low: Option<&Instant<'_>>, high: Option<&Instant<'_>>) -> Option<String> {
    let parts = |instant: &Instant<'_>| {
        let text = instant.to_string();
        let plain = text.trim_end_matches('Z');
        let (second, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        (second.to_owned(), fraction.to_owned())
    };
    let text = match (low.map(parts), high.map(parts)) {
        (None, None) => "2026-01-01T00:00:00Z".to_owned(),
        (Some((second, fraction)), high) => {
            let width = fraction.len().max(high.map_or(0, |(_, fraction)| fraction.len()));
            format!("{second}.{fraction:0<width$}1Z")
        }
        // The same on a clock that is a minute ahead is a minute earlier.
        (None, Some((second, fraction))) if fraction.is_empty() => format!("{second}+00:01"),
        (None, Some((second, _))) => format!("{second}Z"),
    };
    let found = Instant::parse(&text)?;
    let lies = low.is_none_or(|low| *low < found) && high.is_none_or(|high| found < *high);
    lies.then_some(text)
}

/// Another way to write a time: with so many zeros more.
pub(super) fn spelled(instant: &Instant<'_>, zeros: usize) -> Option<String> {
    let text = instant.to_string();
    let plain = text.trim_end_matches('Z');
    let point = if plain.contains('.') || zeros == 0 { "" } else { "." };
    let text = format!("{plain}{point}{}Z", "0".repeat(zeros));
    (Instant::parse(&text)? == *instant).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn there_is_a_number_between_any_two() {
        let mut all: Vec<Number> = [
            "0",
            "1",
            "2",
            "-1",
            "-2",
            "0.5",
            "-0.5",
            "12",
            "12.01",
            "12.001",
            "9",
            "10",
            "1e300",
            "1e-300",
            "-1e-300",
            "-1e300",
            "9007199254740993",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "1e-301",
            "99e299",
            "1201",
            "0.1200000001",
            "7e999999999999",
        ]
        .into_iter()
        .map(number)
        .collect();
        all.sort();
        for (at, low) in all.iter().enumerate() {
            assert!(*low < number_between(Some(low), None).unwrap(), "{low}");
            assert!(number_between(None, Some(low)).unwrap() < *low, "{low}");
            for high in &all[at + 1..] {
                let found = number_between(Some(low), Some(high)).unwrap_or_else(|| panic!("{low} {high}"));
                assert!(*low < found && found < *high, "{low} {found} {high}");
            }
        }
        assert_eq!(number_between(Some(&number("3")), Some(&number("3"))), None);
        assert_eq!(number_between(Some(&number("9e9223372036854775807")), None), None);
    }

    #[test]
    fn there_is_a_time_between_any_two() {
        let texts = [
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.99Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00.001Z",
            "2026-03-01T12:00:00+01:00",
            "9999-12-31T23:59:59Z",
        ];
        let all: Vec<Instant<'_>> = texts.iter().map(|text| Instant::parse(text).unwrap()).collect();
        for (at, low) in all.iter().enumerate() {
            assert!(*low < Instant::parse(&time_between(Some(low), None).unwrap()).unwrap());
            assert!(Instant::parse(&time_between(None, Some(low)).unwrap()).unwrap() < *low);
            for high in &all[at + 1..] {
                let found = time_between(Some(low), Some(high)).unwrap();
                let found = Instant::parse(&found).unwrap();
                assert!(*low < found && found < *high, "{low} {found} {high}");
            }
            let spellings: Vec<String> = (0..3).map(|zeros| spelled(low, zeros).unwrap()).collect();
            assert!(spellings.iter().all(|text| Instant::parse(text).unwrap() == *low));
            assert!(spellings.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
