//! Times as RFC 3339 writes them, as a point on one line, so that two of any offsets can be compared.
//!
//! A time has a date, a time of day and an offset or `Z`; `t` and `z` may be small, as the standard says, and a blank may not
//! stand for the `T`. A fraction has any number of digits and is compared by them. The second 60 is the next minute's
//! first, wherever it stands: which minutes had one is no business of a decider.

/// Seconds since the beginning of the year 0, and the digits of the fraction without zeros at their end.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    seconds: i64,
    fraction: String,
}

impl Moment {
    /// Reads a time, if the text is one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't'])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let clock = rest.get(..8)?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        if !(1..=days_in(year, month)?).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let rest = rest.get(8..)?;
        let (fraction, zone) = match rest.strip_prefix('.') {
            None => ("", rest),
            Some(rest) => {
                let length = rest.bytes().take_while(u8::is_ascii_digit).count();
                if length == 0 {
                    return None;
                }
                rest.split_at_checked(length)?
            }
        };
        let clock = (hour * 60 + minute) * 60 + second;
        let seconds = days_before(year, month, day)? * 86_400 + clock - offset(zone)?;
        Some(Moment { seconds, fraction: fraction.trim_end_matches('0').to_owned() })
    }
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60)
}

/// Numbers of exactly so many digits between separators.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let pieces: Vec<&str> = text.split(separator).collect();
    let pieces: [&str; N] = pieces.try_into().ok()?;
    let mut read = [0; N];
    for ((piece, count), number) in pieces.into_iter().zip(digits).zip(&mut read) {
        if piece.len() != count || !piece.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = piece.parse().ok()?;
    }
    Some(read)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> Option<i64> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap(year) { 29 } else { 28 }),
        _ => None,
    }
}

/// Days from the first of January of the year 0, counted one year and one month at a time.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let years: i64 = (0..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum::<Option<i64>>()?;
    Some(years + months + day - 1)
}
