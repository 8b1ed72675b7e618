//! Numbers as parameters, compared exactly or refused.
//!
//! A whole number of 64 bits and a bigint or INTEGER are compared as they are. A database also has floats, and what a float stands for is the
//! shortest decimal that reads as it, which is what programs write into JSON. Decimals of 15 digits and whole numbers up to 2^53 are each
//! one float of their own and in the same order, so comparing the floats compares the decimals. Beyond that PostgreSQL is made to compare as
//! *numeric* by a function that takes no float, so that a column of floats is an error and never a wrong answer; SQLite looks at its integers
//! alone; and what is left is refused.

use crate::condition::Number;

use super::Parameter;

/// Beyond this, whole numbers are not each a float of their own.
const LAST_WHOLE: u64 = 1 << 53;
/// Decimals of so many digits are each a float of their own.
const DIGITS: usize = 15;
/// How long a number may be, and how far out, to be written to PostgreSQL.
const LONGEST: usize = 1_000;

/// A number to be bound.
pub(super) struct Bindable {
    pub(super) parameter: Parameter,
    /// Whether comparing it with a float compares what the float stands for.
    pub(super) is_safe: bool,
}

/// How many digits count, and the power of ten of the first.
fn measure(text: &str) -> Option<(usize, i64)> {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let whole = mantissa.trim_start_matches('-').split('.').next()?;
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let count = digits.trim_matches('0').len();
    let first = i64::try_from(whole.len()).ok()? - 1 - i64::try_from(leading).ok()?;
    Some((count, exponent.checked_add(first)?))
}

fn is_short(text: &str) -> bool {
    measure(text).is_some_and(|(digits, exponent)| digits <= DIGITS && (-290..290).contains(&exponent))
}

/// For SQLite.
pub(super) fn for_sqlite(number: &Number) -> Option<Bindable> {
    let text = number.to_string();
    if let Ok(whole) = text.parse::<i64>() {
        let is_safe = whole.unsigned_abs() <= LAST_WHOLE;
        return Some(Bindable { parameter: Parameter::Integer(whole), is_safe });
    }
    let real = text.parse::<f64>().ok().filter(|_| is_short(&text))?;
    Some(Bindable { parameter: Parameter::Real(real), is_safe: true })
}

/// For PostgreSQL: a bigint, or else text that is to be cast.
pub(super) fn for_postgres(number: &Number) -> Option<Bindable> {
    let text = number.to_string();
    if let Ok(whole) = text.parse::<i64>() {
        let is_safe = whole.unsigned_abs() <= LAST_WHOLE;
        return Some(Bindable { parameter: Parameter::Integer(whole), is_safe });
    }
    let (_, exponent) = measure(&text)?;
    let is_near = text.len() <= LONGEST && exponent.unsigned_abs() <= LONGEST as u64;
    is_near.then(|| Bindable { is_safe: is_short(&text), parameter: Parameter::Text(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn digits_and_powers_are_counted() {
        for (text, digits, exponent) in [
            ("0", 0, -1),
            ("7", 1, 0),
            ("-120", 2, 2),
            ("0.00125", 3, -3),
            ("12.5", 3, 1),
            ("1.5e400", 2, 400),
            ("-1e-9", 1, -9),
        ] {
            assert_eq!(measure(text), Some((digits, exponent)), "{text}");
        }
    }

    #[test]
    fn what_would_be_rounded_is_not_bound() {
        for (text, safe) in [("1", true), ("-9007199254740992", true), ("9007199254740993", false)] {
            assert_eq!(for_sqlite(&number(text)).map(|one| one.is_safe), Some(safe), "{text}");
            assert_eq!(for_postgres(&number(text)).map(|one| one.is_safe), Some(safe), "{text}");
        }
        assert_eq!(for_sqlite(&number("0.1")).unwrap().parameter, Parameter::Real(0.1));
        for text in ["9223372036854775808", "0.1234567890123456", "1e400", "1e-400"] {
            assert!(for_sqlite(&number(text)).is_none(), "{text}");
            assert!(!for_postgres(&number(text)).unwrap().is_safe, "{text}");
        }
        assert!(for_postgres(&number("1e1001")).is_none());
        assert!(for_postgres(&number("1e9223372036854775807")).is_none());
    }
}
