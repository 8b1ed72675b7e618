//! Page tokens: how a search goes on where an earlier page of it ended.
//!
//! A token says whose page it is (the fingerprint of the search, hashed with the workspace), how many results a page has, and which was the
//! last, so the next page begins after that id in byte order. So no server has to remember anything, and what comes and goes
//! between two pages moves none of the others. A token gives nobody anything: whoever could make one up could ask the search
//! itself. So it is not signed; its checksum tells a slip from a search that has changed.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

use super::Fault;

/// The form of what is inside. A token of another form is refused.
const FORM: u8 = 1;
/// No token is longer. The ids in it are names, which have 512 bytes at most.
const MOST_LETTERS: usize = 4096;

/// Where the next page begins, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// How many results a page has at most; nothing when the request did not say.
    pub limit: Option<u64>,
    /// The last id of the page before, in byte order.
    pub after: String,
}

/// Whose pages they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    mark: [u8; 16],
}

impl Pages {
    /// The pages of a search, of which this is the fingerprint, in a workspace.
    #[must_use]
    pub fn of(fingerprint: &[u8; 16], workspace: &[u8]) -> Self {
        let hash: [u8; 32] =
            Sha256::new().chain_update(fingerprint).chain_update(workspace).finalize().into();
        Pages { mark: hash.first_chunk().copied().unwrap_or_default() }
    }

    /// The token of the next page: letters, digits, `-` and `_`.
    #[must_use]
    pub fn token(&self, next: &Next) -> String {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.mark);
        // A limit has one more than it says, and nothing is 0.
        bytes.extend_from_slice(&next.limit.map_or(0, |limit| limit.saturating_add(1)).to_be_bytes());
        bytes.extend_from_slice(next.after.as_bytes());
        bytes.extend_from_slice(&checksum(&bytes));
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Reads a token of these pages.
    ///
    /// # Errors
    /// When it is no token, or that of another search.
    pub fn read(&self, token: &str) -> Result<Next, Fault> {
        let malformed = || Fault::new("`page.token` is no token of this server; send `next_token` as it was");
        if token.len() > MOST_LETTERS {
            return Err(malformed());
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| malformed())?;
        let (rest, sum) = bytes.split_last_chunk::<4>().ok_or_else(malformed)?;
        let (form, rest_of) = rest.split_first().ok_or_else(malformed)?;
        if *sum != checksum(rest) || *form != FORM {
            return Err(malformed());
        }
        let (mark, rest) = rest_of.split_first_chunk::<16>().ok_or_else(malformed)?;
        let (limit, after) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
        let after = String::from_utf8(after.to_vec()).map_err(|_| malformed())?;
        if *mark != self.mark {
            return Err(Fault::new(
                "`page.token` belongs to another request; repeat the request that it came from, or begin without it",
            ));
        }
        Ok(Next { limit: u64::from_be_bytes(*limit).checked_sub(1), after })
    }
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pages() -> Pages {
        Pages::of(&[7; 16], b"acme")
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_written(
            after in "\\PC{0,60}", limit in prop::option::of(0..u64::MAX), mark in any::<[u8; 16]>(), workspace in any::<[u8; 16]>(),
        ) {
            let pages = Pages::of(&mark, &workspace);
            let next = Next { limit, after };
            let token = pages.token(&next);
            prop_assert!(token.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter)));
            prop_assert_eq!(pages.read(&token).unwrap(), next);
        }

        #[test]
        fn a_token_with_a_slip_is_refused(
            after in "\\PC{0,30}", limit in prop::option::of(0..u64::MAX), at in any::<prop::sample::Index>(), to in 0..64_usize,
        ) {
            let token = pages().token(&Next { limit, after });
            let at = at.index(token.len());
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut other = token.clone().into_bytes();
            other[at] = letters[to];
            let other = String::from_utf8(other).unwrap();
            prop_assert_eq!(pages().read(&other).is_ok(), other == token);
            prop_assert!(pages().read(&token[..at]).is_err());
            let longer = format!("{token}{}", char::from(letters[to]));
            prop_assert!(pages().read(&longer).is_err());
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(token in "[A-Za-z0-9_-]{0,80}") {
            prop_assert!(pages().read(&token).is_err());
        }
    }

    #[test]
    fn a_token_fits_its_request_alone() {
        let next = Next { limit: Some(2), after: "ann".to_owned() };
        let token = pages().token(&next);
        assert_eq!(pages().read(&token).unwrap(), next);
        for other in [Pages::of(&[8; 16], b"acme"), Pages::of(&[7; 16], b"acmf"), Pages::of(&[7; 16], b"")] {
            assert!(other.read(&token).unwrap_err().words().contains("another request"));
        }
        for none in ["", "AQ", "=", "é", &token.replace(|_| true, "!"), &"A".repeat(MOST_LETTERS + 1)] {
            assert!(pages().read(none).unwrap_err().words().contains("no token"), "{none}");
        }
        // The largest id that is a name.
        let far = Next { limit: None, after: "x".repeat(512) };
        assert_eq!(pages().read(&pages().token(&far)).unwrap(), far);
        let most = Next { limit: Some(u64::MAX - 1), after: String::new() };
        assert_eq!(pages().read(&pages().token(&most)).unwrap(), most);
    }
}
