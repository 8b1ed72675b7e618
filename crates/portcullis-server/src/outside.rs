//! What the service takes from outside: the time and randomness. Tests bring their own, so that what expires can expire at once.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

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
