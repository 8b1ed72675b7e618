//! What the service takes from outside: the time and randomness. Tests bring their own, so that what expires can expire at once.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_store::{Id, Millis};

use crate::Refusal;

/// A clock and a source of randomness.
pub trait Outside: fmt::Debug + Send + Sync {
    /// Milliseconds since 1970.
    fn now(&self) -> Millis;

    /// Fills bytes at random, well enough for secrets.
    ///
    /// # Errors
    /// When the system gives none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Refusal>;
}

/// The clock and the randomness of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Outside for System {
    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Refusal> {
        getrandom::fill(bytes)
            .map_err(|error| Refusal::Outside(format!("the system gives no randomness: {error}")))
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>(outside: &dyn Outside) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    outside.fill(&mut bytes)?;
    Ok(bytes)
}

/// A new id. That of nothing is none.
pub(crate) fn new_id(outside: &dyn Outside) -> Result<Id, Refusal> {
    loop {
        let id = Id::from_bytes(random(outside)?);
        if id != Id::NIL {
            return Ok(id);
        }
    }
}

/// A time between 1970 and 9999 in milliseconds since 1970, as RFC 3339 writes it; nothing for any other.
#[must_use]
pub fn rfc3339(millis: Millis) -> Option<String> {
    let since = Duration::from_millis(u64::try_from(millis).ok()?);
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days since the March of the year 0, in which every 400 years are alike. The leap day is the last of its year.
    let days = days.checked_add(719_468)?;
    let (era, day) = (days / 146_097, days % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // 153 days in every five months.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next) =
        if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    let year = era * 400 + year_of_era + next;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let milli = since.subsec_millis();
    (year <= 9_999)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"))
}
