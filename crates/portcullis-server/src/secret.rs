//! Secrets: API keys, operator keys, tokens of invitations.
//!
//! `portcullis_key_ID_SECRET`: a word that scanners of code look for, the kind, the id by which the secret is found, and 256 random bits
//! with their checksum. The checksum is over everything before it, so that a scanner without a network tells a secret from
//! what merely looks like one, and a slip of the hand is not a failed sign-in. Only the hash of the 256 bits is
//! stored: of a random secret that long, nothing slower than one hash is needed.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use portcullis_store::Id;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::Refusal;
use crate::outside::{Outside, random};

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// An API key of a member.
    Key,
    /// A key of the operator.
    Operator,
    /// An invitation.
    Invitation,
    /// The setup of a new store.
    Setup,
}

impl SecretKind {
    const ALL: [SecretKind; 4] =
        [SecretKind::Key, SecretKind::Operator, SecretKind::Invitation, SecretKind::Setup];

    const fn word(self) -> &'static str {
        match self {
            SecretKind::Key => "key",
            SecretKind::Operator => "operator",
            SecretKind::Invitation => "invitation",
            SecretKind::Setup => "setup",
        }
    }
}

/// A secret in the clear: shown once to whom it is for, and kept nowhere. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    kind: SecretKind,
    id: Id,
    bits: [u8; 32],
}

/// Whether a text holds what looks like a secret, whole or not, in whatever place.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    text.match_indices("portcullis_").any(|(at, start)| {
        let rest = text.get(at + start.len()..).unwrap_or_default();
        let known = SecretKind::ALL.iter().find_map(|kind| rest.strip_prefix(kind.word())?.strip_prefix('_'));
        let letters = |text: &str| text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        known.is_some_and(|rest| {
            let id = letters(rest);
            id >= 20
                && rest
                    .get(id..)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .is_some_and(|rest| letters(rest) >= 8)
        })
    })
}

/// The hash of a secret, which is what is stored.
pub(crate) type Hash = [u8; 32];

impl Secret {
    /// Draws one for the thing of an id.
    pub(crate) fn draw(outside: &dyn Outside, kind: SecretKind, id: Id) -> Result<Secret, Refusal> {
        Ok(Secret { kind, id, bits: random(outside)? })
    }

    /// Reads a secret as somebody shows it. What has a wrong checksum is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Secret> {
        let rest = text.trim().strip_prefix("portcullis_")?;
        let mut parts = rest.split('_');
        let (word, id, tail, end) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let kind = SecretKind::ALL.into_iter().find(|kind| kind.word() == word)?;
        let (id, lower) = (Id::parse(id)?, tail.bytes().all(|letter| !letter.is_ascii_uppercase()));
        let bytes = BASE32_NOPAD.decode(tail.to_ascii_uppercase().as_bytes()).ok()?;
        let (bits, sum) = bytes.split_first_chunk::<32>()?;
        let secret = Secret { kind, id, bits: *bits };
        (end.is_none() && lower && sum == secret.checksum()).then_some(secret)
    }

    /// What it opens.
    #[must_use]
    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The id of what it opens.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// The secret itself, to be shown to whom it is for.
    #[must_use]
    pub fn reveal(&self) -> String {
        let bytes: Vec<u8> = self.bits.iter().copied().chain(self.checksum()).collect();
        format!("{}{}", self.head(), BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    pub(crate) fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(self.head().as_bytes());
        hasher.update(self.bits);
        hasher.finalize().into()
    }

    /// Whether it is the secret of a hash, in a time that does not depend on how much of it is right.
    pub(crate) fn opens(&self, hash: &Hash) -> bool {
        self.hash().ct_eq(hash).into()
    }

    fn head(&self) -> String {
        format!("portcullis_{}_{}_", self.kind.word(), self.id)
    }

    fn checksum(&self) -> [u8; 4] {
        let mut sum = crc32fast::Hasher::new();
        sum.update(self.head().as_bytes());
        sum.update(&self.bits);
        sum.finalize().to_be_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.head())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::System;

    fn one() -> Secret {
        Secret::draw(&System, SecretKind::Key, Id::from_bytes([7; 16])).unwrap()
    }

    #[test]
    fn a_secret_is_read_as_it_is_shown_and_nothing_else_is_one() {
        let secret = one();
        let text = secret.reveal();
        assert_eq!(Secret::parse(&text), Some(secret.clone()));
        assert_eq!(Secret::parse(&format!(" {text}\n")), Some(secret.clone()));
        assert!(secret.opens(&Secret::parse(&text).unwrap().hash()));
        let upper = text.replace("portcullis_key_", "").to_uppercase();
        for bad in [
            "",
            "portcullis_key_",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}a"),
            &format!("{text}_"),
            &upper,
        ] {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
        // Another kind, another id, another letter: the checksum is over all of it.
        assert_eq!(Secret::parse(&text.replace("_key_", "_operator_")), None);
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(Secret::parse(&String::from_utf8(bytes).unwrap()), None, "letter {at}");
        }
    }

    #[test]
    fn a_secret_is_seen_wherever_it_stands() {
        let secret = one().reveal();
        for text in [
            secret.clone(),
            format!("x{secret}y"),
            format!("{{\"key\":\"{}\"}}", &secret[..60]),
            secret.to_uppercase().replace("PORTCULLIS_KEY_", "portcullis_key_"),
        ] {
            assert!(holds_secret(&text), "{text}");
        }
        for text in [
            "",
            "portcullis_",
            "portcullis_key_",
            "portcullis_key_notes",
            "portcullis_key_ab_cd",
            "é portcullis_key_é",
        ] {
            assert!(!holds_secret(text), "{text}");
        }
    }

    #[test]
    fn no_two_secrets_are_alike_and_none_is_printed_by_accident() {
        let (one, other) = (one(), one());
        assert!(one != other && !one.opens(&other.hash()));
        let (shown, secret) = (format!("{one:?}"), one.reveal());
        assert!(!shown.contains(&secret[secret.len() - 58..]), "{shown}");
    }
}
