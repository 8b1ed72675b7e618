//! One connection: who is at the other end, and the credential that was shown on it last.
//!
//! A client shows the same key with every request. Its text is remembered here with who it was found to be, so that hashing it again
//! is saved; whether that credential still opens anything is asked of the source each time all the same.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;

use super::failure::Failure;
use super::{Door, REQUEST_ID};
use crate::hearing::Recalled;
use crate::source::Asker;
use crate::{Hearing, Refusal, Whence};

/// So much of a request's id is kept.
const MOST_OF_ID: usize = 128;
/// How long a use of a key goes unnoted, in milliseconds: they are kept to the minute.
const MINUTE: i64 = 60_000;

/// Whoever is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) door: Arc<Door>,
    pub(crate) address: SocketAddr,
    memory: Mutex<Memory>,
}

/// What is remembered of a connection between two requests.
#[derive(Debug, Default)]
struct Memory {
    shown: Option<Remembered>,
    /// Who was heard last, without a workspace being named.
    heard: Option<(Asker, Recalled)>,
}

#[derive(Debug)]
struct Remembered {
    /// Marked as sensitive, so that no debug output shows it.
    shown: HeaderValue,
    asker: Asker,
    /// When its use was noted last.
    noted: i64,
}

impl Visitor {
    pub(crate) fn new(door: Arc<Door>, address: SocketAddr) -> Visitor {
        Visitor { door, address, memory: Mutex::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it came in.
    pub(crate) const fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// The credential that these headers show, if any.
    pub(crate) fn shown<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, Failure> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Failure::bad_request("the header `authorization` stands twice")),
            (shown, None) => Ok(shown.map(bearer)),
        }
    }

    /// Who shows a credential in these headers.
    pub(crate) fn asker(&self, headers: &HeaderMap) -> Result<Asker, Failure> {
        let source = &self.door.source;
        let (Some(shown), Some(header)) = (self.shown(headers)?, headers.get(AUTHORIZATION)) else {
            return source.admit(None).map_err(|refusal| self.refused(refusal));
        };
        let now = source.now();
        if let Some(known) = &mut self.memory().shown
            && is_same(known.shown.as_bytes(), header.as_bytes())
        {
            if now - known.noted >= MINUTE {
                source.note_use(&known.asker);
                known.noted = now;
            }
            return Ok(known.asker);
        }
        let asker = source.admit(Some(shown)).map_err(|refusal| self.refused(refusal))?;
        let mut shown = header.clone();
        shown.set_sensitive(true);
        self.memory().shown = Some(Remembered { shown, asker, noted: now });
        Ok(asker)
    }

    /// Whoever asks, before what is in force.
    pub(crate) fn hear(&self, asker: &Asker, workspace: Option<&str>) -> Result<Hearing, Failure> {
        let source = &self.door.source;
        if workspace.is_none() {
            let memory = self.memory();
            let recalled = memory.heard.as_ref().filter(|(heard, _)| heard == asker);
            if let Some(hearing) = recalled.and_then(|(_, recalled)| recalled.hearing(|| source.now())) {
                return Ok(hearing);
            }
        }
        let heard = source.hear(asker, workspace).map_err(|refusal| {
            // Who lacks no more than a scope belongs to the workspace.
            let revision =
                matches!(refusal, Refusal::OutOfScope(_)).then(|| source.revision(asker)).flatten();
            let failure = self.refused(refusal);
            if let Some(token) = revision { failure.under(&token) } else { failure }
        });
        let hearing = heard?;
        self.door.kept.keep(&hearing);
        self.memory().heard = Some((*asker, hearing.recalled()));
        Ok(hearing)
    }

    /// A refusal; a bad credential is counted for its address, and told to wait after too many.
    pub(crate) fn refused(&self, refusal: Refusal) -> Failure {
        if !matches!(refusal, Refusal::Unauthenticated) {
            return refusal.into();
        }
        self.memory().shown = None;
        self.door.metrics.failed_authentications.inc();
        if self.door.failures.count(self.address.ip(), self.door.source.now()) {
            return Failure::too_many_failures();
        }
        refusal.into()
    }

    /// From where a request comes, for the audit trail.
    pub(crate) fn whence(&self, headers: &HeaderMap) -> Whence {
        let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        Whence {
            address: Some(self.address.ip().to_canonical().to_string()),
            request: id.map(|id| id.chars().take(MOST_OF_ID).collect()),
        }
    }

    /// Refuses what a page of another site, or a proxy, could have sent to a server that asks nobody for a key.
    pub(crate) fn guard(&self, head: &Parts) -> Result<(), Failure> {
        if !self.door.source.is_open() {
            return Ok(());
        }
        let headers = &head.headers;
        let is_forwarded = |name: &str| name == "forwarded" || name.starts_with("x-forwarded-");
        if let Some(name) = headers.keys().find(|name| is_forwarded(name.as_str())) {
            let message = format!("the header `{name}` is refused where no key is asked for");
            return Err(Failure::forbidden(message));
        }
        // A host may stand in the line of a request, in a header, or in both.
        let in_line = head.uri.authority().map(http::uri::Authority::as_str);
        let in_headers = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
        let is_named = in_line.is_some() || headers.contains_key(HOST);
        let is_twice = headers.get_all(HOST).iter().count() > 1;
        if !is_named || is_twice || !in_line.into_iter().chain(in_headers).all(is_loopback_name) {
            let message = "`Host` must be a loopback name, such as localhost, where no key is asked for";
            return Err(Failure::forbidden(message));
        }
        let origins = headers.get_all(ORIGIN).iter();
        let mut foreign = origins.filter(|origin| {
            let site = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            !site.is_some_and(|(_, site)| is_loopback_name(site))
        });
        if foreign.next().is_some() {
            return Err(Failure::forbidden("a page of another site may not ask where no key is asked for"));
        }
        Ok(())
    }
}

/// Whether two texts are the same, in a time that does not depend on how much of them is. Eight bytes at a time, since this is done
/// for every request.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let words = words.iter().zip(others).fold(subtle::Choice::from(1), |same, (word, other)| {
        same & u64::from_ne_bytes(*word).ct_eq(&u64::from_ne_bytes(*other))
    });
    one.len() == other.len() && bool::from(words & rest.ct_eq(other_rest))
}

/// The key in a header: after `Bearer`, or bare.
fn bearer(header: &HeaderValue) -> &str {
    let text = header.to_str().unwrap_or_default();
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    if scheme.eq_ignore_ascii_case("bearer") { rest.trim() } else { text }
}

/// Whether a host, with or without a port, is this machine by a name that no other machine's page can have.
fn is_loopback_name(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let bare = without_port.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(without_port);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_its_scheme_or_bare() {
        for text in ["Bearer portcullis_key_x", "bearer  portcullis_key_x ", "portcullis_key_x"] {
            assert_eq!(bearer(&HeaderValue::from_str(text).unwrap()), "portcullis_key_x");
        }
        assert_eq!(bearer(&HeaderValue::from_static("Basic abc")), "Basic abc");
        assert_eq!(bearer(&HeaderValue::from_bytes(b"Bearer \xff").unwrap()), "");
    }

    #[test]
    fn texts_are_the_same_when_every_byte_is() {
        let text = b"Bearer portcullis_key_0123456789";
        for length in 0..text.len() {
            assert!(is_same(&text[..length], &text[..length]));
            assert!(!is_same(&text[..length], &text[..=length]));
            for at in 0..length {
                let mut other = text[..length].to_vec();
                other[at] ^= 1;
                assert!(!is_same(&text[..length], &other), "{length} {at}");
            }
        }
    }

    #[test]
    fn only_names_of_this_machine_are_loopback_names() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.0.0.2", "[::1]:8080", "[::1]", "::1"]
        {
            assert!(is_loopback_name(host), "{host}");
        }
        for host in [
            "",
            "localhost.example",
            "example:80",
            "127.0.0.1.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "localhost:80:80",
            "localhost@example",
        ] {
            assert!(!is_loopback_name(host), "{host}");
        }
    }
}
