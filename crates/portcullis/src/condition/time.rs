//! Points in time as RFC 3339 writes them, compared exactly.
//!
//! Date, time and offset are all required; a fraction of a second may have any length and is never
//! rounded. `:60` is read as the start of the next minute, since a leap second is nobody's reason to
//! refuse a comparison. Reading allocates nothing: the fraction stays where it was written.
//!
//! Nothing here asks what time it is: the clock is a value that the decider hands in.

use std::borrow::Cow;
use std::fmt;

/// A point in time; equal points are equal, whatever offset they were written with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant<'a> {
    /// Since the start of 1970 in UTC.
    seconds: i64,
    /// The digits after the point, without zeros at the end: in order as text is.
    fraction: Cow<'a, [u8]>,
}

const DAY: i64 = 86_400;

impl<'a> Instant<'a> {
    /// Reads a time such as `2026-03-01T12:00:00Z` or `2026-03-01T13:00:00.25+01:00`. `None` for anything else.
    ///
    /// ```
    /// use portcullis::condition::Instant;
    /// assert_eq!(Instant::parse("2026-03-01T12:00:00Z"), Instant::parse("2026-03-01T13:00:00.0+01:00"));
    /// assert_eq!(Instant::parse("2026-03-01"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        Instant::parse_bytes(text.as_bytes())
    }

    /// The same of text that need not be looked at first: what is a time is ASCII.
    pub(super) fn parse_bytes(text: &'a [u8]) -> Option<Self> {
        let (date, after) = text.split_first_chunk::<19>()?;
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T' | b't', h0, h1, b':', n0, n1, b':', s0, s1] =
            *date
        else {
            return None;
        };
        let year = pair(y0, y1)? * 100 + pair(y2, y3)?;
        let (month, day) = (pair(m0, m1)?, pair(d0, d1)?);
        let (hour, minute, second) = (pair(h0, h1)?, pair(n0, n1)?, pair(s0, s1)?);
        if day == 0 || day > days_of(year, month)? || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction, offset) = match after.split_first()? {
            (b'.', digits) => {
                let end = digits.iter().position(|byte| !byte.is_ascii_digit()).filter(|&end| end > 0)?;
                digits.split_at_checked(end)?
            }
            _ => (&[][..], after),
        };
        let zeros = fraction.iter().rev().take_while(|&&digit| digit == b'0').count();
        let fraction = Cow::Borrowed(fraction.get(..fraction.len() - zeros)?);
        let seconds = days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second;
        Some(Instant { seconds: seconds - offset_seconds(offset)?, fraction })
    }

    /// The same point in time, holding its own text.
    #[must_use]
    pub fn into_owned(self) -> Instant<'static> {
        Instant { seconds: self.seconds, fraction: Cow::Owned(self.fraction.into_owned()) }
    }
}

/// The number of two digits.
#[inline]
fn pair(tens: u8, ones: u8) -> Option<i64> {
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| i64::from(tens & 15) * 10 + i64::from(ones & 15))
}

/// `Z`, or hours and minutes ahead of UTC.
fn offset_seconds(offset: &[u8]) -> Option<i64> {
    match *offset {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (pair(h0, h1)?, pair(m0, m1)?);
            let seconds = hours * 3_600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => Some(29),
        2 => Some(28),
        _ => None,
    }
}

/// Days of the Gregorian calendar. Years are counted from March, so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 153 days in every five months from March on; 719,468 from the March of year 0 to 1970.
    year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

impl fmt::Display for Instant<'_> {
    /// In UTC, the same for every spelling. A time that UTC puts outside the years 0000 to 9999 is shown with more digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.seconds.div_euclid(DAY), self.seconds.rem_euclid(DAY));
        // An estimate that is a day off at most, then the year, month and day that it falls in.
        let mut year =
            (days + 719_468).div_euclid(146_097) * 400 + (days + 719_468).rem_euclid(146_097) / 366;
        while days_since_1970(year + 1, 1, 1) <= days {
            year += 1;
        }
        let months = (1..=12).rev().find(|&month| days_since_1970(year, month, 1) <= days);
        let month = months.unwrap_or(1);
        let day = days - days_since_1970(year, month, 1) + 1;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if !self.fraction.is_empty() {
            write!(f, ".{}", String::from_utf8_lossy(&self.fraction))?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant<'_> {
        Instant::parse(text).unwrap_or_else(|| panic!("{text} is a time"))
    }

    #[test]
    fn offsets_fractions_and_case_do_not_make_another_time() {
        for same in [
            &[
                "2026-03-01T12:00:00Z",
                "2026-03-01t12:00:00z",
                "2026-03-01T13:30:00.000+01:30",
                "2026-03-01T12:00:00-00:00",
            ][..],
            &["2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2016-12-31T18:59:60-05:00"],
            &["2024-02-29T00:00:00.5Z", "2024-02-28T23:00:00.50000-01:00"],
            &["0000-01-01T00:00:00Z"],
        ] {
            for text in same {
                assert_eq!(instant(text), instant(same[0]), "{text}");
                assert_eq!(instant(text).to_string(), instant(same[0]).to_string());
            }
        }
    }

    #[test]
    fn times_are_in_order_to_the_last_digit() {
        let ascending = [
            "0000-01-01T00:00:00+23:59",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999999999999999Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00.000000000000000000001Z",
            "1970-01-01T00:00:00.1Z",
            "1970-01-01T00:00:00.12Z",
            "2000-02-29T23:59:59Z",
            "2000-03-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-23:59",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (other_at, other) in ascending.iter().enumerate() {
                assert_eq!(instant(one).cmp(&instant(other)), at.cmp(&other_at), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_no_full_time_is_none() {
        for text in [
            "",
            "2026-03-01",
            "2026-03-01T12:00:00",
            "2026-03-01T12:00Z",
            "2026-03-01 12:00:00Z",
            "12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-00-01T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "1900-02-29T12:00:00Z",
            "2026-04-31T12:00:00Z",
            "2026-04-00T12:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:60:00Z",
            "2026-03-01T12:00:61Z",
            "2026-03-01T12:00:00.Z",
            "2026-03-01T12:00:00+24:00",
            "2026-03-01T12:00:00.5",
            "2026-03-01T12:00:00+0100",
            "2026-03-01T12:00:00Zz",
            "+026-03-01T12:00:00Z",
            "2026-03-01T12:00:00,5Z",
            "2026-03-01T12:00:00é",
            "２026-03-01T12:00:00Z",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before_and_is_shown_as_itself() {
        let mut expected = days_since_1970(0, 1, 1);
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        for year in (0..10_000).step_by(1) {
            for month in 1..=12 {
                let last = days_of(year, month).unwrap();
                for day in [1, last] {
                    let days = expected + day - 1;
                    assert_eq!(days_since_1970(year, month, day), days, "{year}-{month}-{day}");
                    let shown =
                        Instant { seconds: days * DAY + 3_661, fraction: Cow::Borrowed(b"") }.to_string();
                    assert_eq!(shown, format!("{year:04}-{month:02}-{day:02}T01:01:01Z"));
                }
                expected += last;
            }
        }
    }
}
