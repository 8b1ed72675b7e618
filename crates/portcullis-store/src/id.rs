//! The immutable id of a workspace, member, group, role, key, invitation or rule.

use std::fmt;

/// 128 bits, drawn at random by who makes the thing and never used again; written as 26 letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

/// Digits and small letters without i, l, o and u, which are easily misread: Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

impl Id {
    /// The id of nothing: what the operator's own audit trail is kept under.
    pub const NIL: Id = Id([0; 16]);

    /// The id of these bytes, which are to come from a source of randomness.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Id {
        Id(bytes)
    }

    /// Its bytes, in the order in which ids are ordered.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Its bytes where they lie.
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads an id as it is written; nothing else is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Id> {
        if text.len() != LENGTH {
            return None;
        }
        let mut bits = 0_u128;
        for (at, letter) in text.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|known| *known == letter)? as u128;
            // 26 letters are 130 bits: the first two are always zero.
            if at == 0 && digit > 7 {
                return None;
            }
            bits = bits << 5 | digit;
        }
        Some(Id(bits.to_be_bytes()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        for at in (0..LENGTH as u32).rev() {
            let digit = (bits >> (5 * at)) as usize & 31;
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for bytes in [[0; 16], [255; 16], std::array::from_fn(|at| at as u8 * 17)] {
            let id = Id::from_bytes(bytes);
            let text = id.to_string();
            assert_eq!((text.len(), Id::parse(&text), id.to_bytes()), (26, Some(id), bytes));
        }
        assert_eq!(Id::NIL.to_string(), "0".repeat(26));
        assert_eq!(Id::from_bytes([255; 16]).to_string(), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
    }

    #[test]
    fn ids_are_ordered_as_they_are_written() {
        let ids = [[0; 16], [1; 16], [127; 16], [200; 16]].map(Id::from_bytes);
        assert!(ids.is_sorted() && ids.map(|id| id.to_string()).is_sorted());
    }

    #[test]
    fn nothing_else_is_an_id() {
        let good = Id::from_bytes([9; 16]).to_string();
        for bad in
            ["", "0", &good[1..], &format!("{good}0"), &good.to_uppercase(), &format!("8{}", &good[1..])]
        {
            assert_eq!(Id::parse(bad), None, "{bad}");
        }
        assert_eq!(Id::parse(&good.replace(good.get(25..).unwrap(), "u")), None);
    }
}
