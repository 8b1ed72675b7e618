//! What a slot of the table holds: a name of up to 32 bytes whole, or where a longer one lies.
//!
//! Of ninety million addresses that were counted, four fifths have at most 28 bytes and 95 in a hundred at most
//! 31, so 32 bytes hold nearly every id without a second place to look. A key is compared as four words,
//! whatever the name's length: shorter names are padded with zeros, and the last byte tells the length.
//! UTF-8 never ends in a byte of `C0` or above, so such a last byte cannot belong to a name of 32:
//!
//! ```text
//! byte   0 ……………… 30   31
//!        name, zeros     C0 + length   a name of 0 to 31 bytes
//!        name ……………………… below C0      a name of 32 bytes
//!        offset, length, hash …… FF    a longer one, which lies in the shard's arena
//! ```

/// The longest name that a key holds whole.
pub(super) const INLINE: usize = 32;

/// The last byte of a name of no bytes; `SHORT + 31` is the highest.
const SHORT: u8 = 0xC0;

/// The last byte of a key that stands for a longer name.
const LONG: u8 = 0xFF;

/// A key as it is compared and hashed.
pub(super) type Words = [u64; 4];

/// A name made ready to be looked for, or read from a slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name<'n> {
    Short(Words),
    Long {
        /// All the bits of its hash.
        hash: u64,
        bytes: &'n [u8],
    },
}

/// A key in its slot. It lies aligned, so that it is never on two cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Key([u8; INLINE]);

impl Key {
    pub(super) const EMPTY: Key = Key([0; INLINE]);

    /// The key of no name: its last byte belongs neither to text nor to a mark.
    pub(super) const NONE: Key = Key([0xE0; INLINE]);

    pub(super) fn short(words: Words) -> Key {
        let mut bytes = [0; INLINE];
        if let ([a, b, c, d], []) = bytes.as_chunks_mut::<8>() {
            let [e, f, g, h] = words;
            (*a, *b, *c, *d) = (e.to_le_bytes(), f.to_le_bytes(), g.to_le_bytes(), h.to_le_bytes());
        }
        Key(bytes)
    }

    /// The key of a name that lies in the arena.
    pub(super) fn long(offset: usize, length: usize, hash: u64) -> Key {
        Key::short([offset as u64, length as u64, hash, u64::from(LONG) << 56])
    }

    #[inline]
    fn words(&self) -> Words {
        let (&[a, b, c, d], []) = self.0.as_chunks::<8>() else { return [0; 4] };
        [u64::from_le_bytes(a), u64::from_le_bytes(b), u64::from_le_bytes(c), u64::from_le_bytes(d)]
    }

    /// The first word, for who wants the key fetched before it is compared.
    #[inline]
    pub(super) fn begin(&self) -> u64 {
        let [begin, ..] = self.words();
        begin
    }

    /// Whether this is a short name's key.
    #[inline]
    pub(super) fn is(&self, words: Words) -> bool {
        self.is_after(self.begin(), words)
    }

    /// The same when the first word has been read.
    #[inline]
    pub(super) fn is_after(&self, begin: u64, [a, b, c, d]: Words) -> bool {
        let [_, f, g, h] = self.words();
        (a ^ begin) | (b ^ f) | (c ^ g) | (d ^ h) == 0
    }

    /// Whether this is a long name's key.
    pub(super) fn is_long(&self, hash: u64, bytes: &[u8], arena: &[u8]) -> bool {
        let [_, length, kept, _] = self.words();
        let [.., last] = self.0;
        last == LONG && length == bytes.len() as u64 && kept == hash && self.bytes(arena) == bytes
    }

    /// The name, all of its bytes.
    pub(super) fn bytes<'k>(&'k self, arena: &'k [u8]) -> &'k [u8] {
        let [.., last] = self.0;
        let name = match last {
            LONG => {
                let [offset, length, ..] = self.words();
                arena.get(offset as usize..).and_then(|rest| rest.get(..length as usize))
            }
            SHORT.. => self.0.get(..usize::from(last - SHORT)),
            _ => Some(&self.0[..]),
        };
        name.unwrap_or(&[])
    }

    /// The name, ready to go into another shard.
    pub(super) fn name<'k>(&'k self, arena: &'k [u8]) -> Name<'k> {
        let words @ [_, _, hash, _] = self.words();
        let [.., last] = self.0;
        if last == LONG { Name::Long { hash, bytes: self.bytes(arena) } } else { Name::Short(words) }
    }
}

/// The words of a name of up to 32 bytes; `None` for a longer one.
///
/// Names of eight bytes and more are read as four words that overlap where the name ends and are then shifted into
/// place: no copy, and no branch on the length, which would be guessed wrong as often as lengths differ.
#[inline]
pub(super) fn padded(name: &[u8]) -> Option<Words> {
    let length = name.len();
    if length > INLINE {
        return None;
    }
    let [a, b, c, d] = match length.checked_sub(8) {
        Some(late) => [word(name, 0, late), word(name, 8, late), word(name, 16, late), word(name, 24, late)],
        None => [tiny(name), 0, 0, 0],
    };
    let mark = if length < INLINE { u64::from(SHORT) + length as u64 } else { 0 };
    Some([a, b, c, d | mark << 56])
}

/// The bytes of a name from a place on, zeros after its end. `late` is where its last eight bytes begin.
#[inline]
fn word(name: &[u8], at: usize, late: usize) -> u64 {
    let from = at.min(late);
    let bytes = name.get(from..).and_then(|rest| rest.first_chunk::<8>());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)).unbounded_shr((at - from) as u32 * 8)
}

/// A name of less than eight bytes, in one word.
fn tiny(name: &[u8]) -> u64 {
    let (first, last) = (name.first_chunk::<4>(), name.last_chunk::<4>());
    if let (Some(first), Some(last)) = (first, last) {
        let late = u64::from(u32::from_le_bytes(*last)) << (8 * (name.len() - 4));
        return u64::from(u32::from_le_bytes(*first)) | late;
    }
    name.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_back_the_name_at_every_length() {
        let alphabet: Vec<u8> = (0..64).map(|at| b'0' + at).collect();
        for length in 0..=INLINE {
            let name = &alphabet[..length];
            let key = Key::short(padded(name).unwrap());
            assert_eq!(key.bytes(&[]), name);
            assert!(key.is(padded(name).unwrap()));
            // Padding is zero: the plain way to pad gives the same bytes.
            let mut plain = [0; INLINE];
            plain[..length].copy_from_slice(name);
            if length < INLINE {
                plain[31] = SHORT + length as u8;
            }
            assert_eq!(key.0, plain);
        }
        assert!(padded(&alphabet[..33]).is_none());
    }

    #[test]
    fn a_name_is_told_from_itself_with_zeros_after_it() {
        let names: Vec<String> = (0..=32).map(|zeros| format!("{}{}", "", "\0".repeat(zeros))).collect();
        for name in &names {
            for other in &names {
                let key = Key::short(padded(name.as_bytes()).unwrap());
                assert_eq!(key.is(padded(other.as_bytes()).unwrap()), name == other);
            }
        }
    }

    #[test]
    fn a_long_key_is_compared_in_full() {
        let arena = b"..the long name";
        let key = Key::long(2, 13, 7);
        assert_eq!(key.bytes(arena), b"the long name");
        assert!(key.is_long(7, b"the long name", arena));
        assert!(!key.is_long(8, b"the long name", arena));
        assert!(!key.is_long(7, b"the long nam", arena));
        assert!(!key.is_long(7, b"the long namE", arena));
        assert!(!Key::short(padded(b"the long name").unwrap()).is_long(7, b"the long name", arena));
    }
}
