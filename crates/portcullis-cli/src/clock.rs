//! What time it is, for conditions on `context.now`.
//!
//! The engine asks no clock: whoever decides hands the time in. Here that is the command line, and this is the only file that asks the
//! system. A command that answers one question asks once; a file of questions is asked about once a block, so that what
//! comes through a pipe for days is decided by the time at which it came. A clock that is plainly wrong is no clock, which leaves
//! conditions on the time unknown; no other time is ever put in its place.
//!
//! The times that a data folder keeps are milliseconds since 1970; they are written and read here too.

use portcullis::condition::Instant;
use portcullis_server::{Outside as _, System};
use std::fmt::Debug;

pub(crate) use portcullis_server::rfc3339 as of_millis;

/// Tells what time it is.
pub trait Clock: Debug + Send + Sync {
    /// The time in UTC, as RFC 3339 writes it; nothing when it cannot be told.
    fn now(&self) -> Option<String>;
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfSystem;

impl Clock for OfSystem {
    fn now(&self) -> Option<String> {
        of_millis(System.now())
    }
}

/// A time that a data folder keeps, to the second: for people.
pub(crate) fn shown(millis: i64) -> String {
    let whole = of_millis(millis);
    let second = whole.as_deref().and_then(|text| text.get(..19));
    second.map_or_else(|| format!("{millis} ms after 1970"), |second| format!("{second}Z"))
}

/// The day of such a time, for lists in which there is no room for more.
pub(crate) fn day(millis: i64) -> String {
    shown(millis).chars().take_while(|letter| *letter != 'T').collect()
}

/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;

/// The milliseconds since 1970 of a time as RFC 3339 writes it. The library knows the calendar: the first millisecond is looked for that
/// is not before the time.
pub(crate) fn millis_of(text: &str) -> Option<i64> {
    let wanted = Instant::parse(text)?;
    let (mut low, mut high) = (0, LAST);
    while low < high {
        let middle = low + (high - low) / 2;
        if Instant::parse(&of_millis(middle)?)? < wanted {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_does() {
        for (seconds, expected) in [
            (0.0_f64, "1970-01-01T00:00:00.000Z"),
            (951_782_399.999_4, "2000-02-28T23:59:59.999Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000Z"),
            (951_868_800.0, "2000-03-01T00:00:00.000Z"),
            (1_234_567_890.25, "2009-02-13T23:31:30.250Z"),
            (4_107_542_400.0, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799.0, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(of_millis((seconds * 1_000.0) as i64).unwrap(), expected);
        }
        // The library reads what is written here as the same time, on every day of eight centuries.
        let at = |day: i64| (day * 86_400 + 3_599) * 1_000;
        let mut before = of_millis(at(0)).unwrap();
        for day in 1..292_200 {
            let text = of_millis(at(day)).unwrap();
            assert_eq!(Instant::parse(&text).unwrap().to_string(), text.replace(".000Z", "Z"));
            assert!(before < text, "{before} {text}");
            before = text;
        }
        assert_eq!(before, "2770-01-06T00:59:59.000Z");
    }

    #[test]
    fn kept_times_are_read_as_they_are_written() {
        for millis in [0, 1, 999, 951_782_400_000, 1_234_567_890_250, LAST - 1, LAST] {
            let text = of_millis(millis).unwrap();
            assert_eq!(millis_of(&text), Some(millis), "{text}");
        }
        assert_eq!(millis_of("1970-01-01T01:00:00.0005+01:00"), Some(1));
        assert_eq!(millis_of("2026-03-01"), None);
        assert_eq!((of_millis(-1), of_millis(LAST + 1)), (None, None));
        assert_eq!(
            (shown(1_234_567_890_250), day(1_234_567_890_250)),
            ("2009-02-13T23:31:30Z".into(), "2009-02-13".into())
        );
    }

    #[test]
    fn a_clock_that_is_plainly_wrong_is_none() {
        assert!(OfSystem.now().is_some_and(|now| &*now > "2026-01-01"));
    }
}
