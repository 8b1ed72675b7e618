//! What a slot of the table holds: a name of up to 32 bytes whole, or where a longer one lies.
//!
//! Of ninety million addresses that were counted, four fifths have at most 28 bytes and 95 in a hundred at most
//! 31, so 32 bytes hold nearly every id without a second place to look. Shorter names are padded with zeros, and the last
//! byte tells the length. UTF-8 never ends in a byte of `C0` or above, so such a last byte cannot belong to a name of 32:
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

/// A name of up to 32 bytes as it is hashed and compared: the bytes from its beginning, from its ninth byte, from the
/// sixteenth before its end and from the eighth before it, each as far as there are so many. Windows and length are the name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Windows {
    pub(super) words: [u64; 4],
    pub(super) length: usize,
    /// Where they begin.
    places: [usize; 4],
}

/// A name made ready to be looked for, or read from a slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name<'n> {
    Short(Windows, &'n [u8]),
    Long {
        /// All the bits of its hash.
        hash: u64,
        bytes: &'n [u8],
    },
}

/// A key as it is kept.
pub(super) type Kept = [u8; INLINE];

/// A key in its slot. It never lies on two cache lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'k>(&'k Kept);

impl Key<'static> {
    /// The key of no name: its last byte belongs neither to text nor to a mark.
    pub(super) const NONE: Key<'static> = Key(&[0xE0; INLINE]);
}

impl<'k> Key<'k> {
    #[inline]
    pub(super) fn kept(bytes: &'k Kept) -> Key<'k> {
        Key(bytes)
    }

    /// The key, to be kept elsewhere.
    pub(super) fn copied(self) -> Kept {
        *self.0
    }

    /// The key of a name of up to 32 bytes.
    pub(super) fn short(name: &[u8]) -> Kept {
        let mut bytes = [0; INLINE];
        if name.len() < INLINE
            && let [.., last] = &mut bytes
        {
            *last = SHORT + name.len() as u8;
        }
        for (byte, of_name) in bytes.iter_mut().zip(name) {
            *byte = *of_name;
        }
        bytes
    }

    /// The key of a name that lies in the arena.
    pub(super) fn long(offset: usize, length: usize, hash: u64) -> Kept {
        let mut bytes = [LONG; INLINE];
        if let ([a, b, c, ..], []) = bytes.as_chunks_mut::<8>() {
            (*a, *b, *c) = ((offset as u64).to_le_bytes(), (length as u64).to_le_bytes(), hash.to_le_bytes());
        }
        bytes
    }

    /// Offset, length and hash of a name in the arena.
    fn whereabouts(self) -> [u64; 3] {
        let (&[a, b, c, _], []) = self.0.as_chunks::<8>() else { return [0; 3] };
        [u64::from_le_bytes(a), u64::from_le_bytes(b), u64::from_le_bytes(c)]
    }

    #[inline]
    fn window(self, at: usize) -> u64 {
        let bytes = self.0.get(at..at + 8).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// The first window, for who wants the key fetched before it is compared.
    #[inline]
    pub(super) fn begin(self) -> u64 {
        self.window(0)
    }

    /// Whether this is a short name's key.
    #[inline]
    pub(super) fn is(self, asked: &Windows) -> bool {
        self.is_after(self.begin(), asked)
    }

    /// The same when the first window has been read.
    #[inline]
    pub(super) fn is_after(self, begin: u64, asked: &Windows) -> bool {
        let ([a, b, c, d], [_, second, third, last]) = (asked.words, asked.places);
        // The last byte is the name's own where there is no room for its length.
        let mark = if asked.length < INLINE { u64::from(SHORT) + asked.length as u64 } else { d >> 56 };
        let [.., kept] = *self.0;
        let differs =
            (a ^ begin) | (b ^ self.window(second)) | (c ^ self.window(third)) | (d ^ self.window(last));
        differs | (mark ^ u64::from(kept)) == 0
    }

    /// Whether this is a long name's key.
    pub(super) fn is_long(self, hash: u64, bytes: &[u8], arena: &[u8]) -> bool {
        let [_, length, kept] = self.whereabouts();
        let [.., last] = *self.0;
        last == LONG && length == bytes.len() as u64 && kept == hash && self.bytes(arena) == bytes
    }

    /// The name, all of its bytes.
    pub(super) fn bytes(self, arena: &'k [u8]) -> &'k [u8] {
        let [.., last] = *self.0;
        let name = match last {
            LONG => {
                let [offset, length, _] = self.whereabouts();
                arena.get(offset as usize..).and_then(|rest| rest.get(..length as usize))
            }
            SHORT.. => self.0.get(..usize::from(last - SHORT)),
            _ => Some(&self.0[..]),
        };
        name.unwrap_or(&[])
    }

    /// The name, ready to go into another shard.
    pub(super) fn name(self, arena: &'k [u8]) -> Name<'k> {
        let [.., last] = *self.0;
        let bytes = self.bytes(arena);
        let [.., hash] = self.whereabouts();
        match windows(bytes) {
            Some(windows) if last != LONG => Name::Short(windows, bytes),
            _ => Name::Long { hash, bytes },
        }
    }
}

/// The windows of a name of up to 32 bytes; `None` for a longer one.
#[inline]
pub(super) fn windows(name: &[u8]) -> Option<Windows> {
    let length = name.len();
    if length > INLINE {
        return None;
    }
    let Some(late) = length.checked_sub(8) else {
        return Some(Windows { words: [tiny(name); 4], length, places: [0; 4] });
    };
    let places = [0, late.min(8), late.saturating_sub(8), late];
    let window = |at: usize| {
        let bytes = name.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    Some(Windows { words: places.map(window), length, places })
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

    fn is(key: &Kept, name: &[u8]) -> bool {
        Key(key).is(&windows(name).unwrap())
    }

    #[test]
    fn a_key_gives_back_the_name_at_every_length() {
        let alphabet: Vec<u8> = (0..64).map(|at| b'0' + at).collect();
        for length in 0..=INLINE {
            let name = &alphabet[..length];
            let key = Key::short(name);
            assert_eq!(Key(&key).bytes(&[]), name);
            assert!(is(&key, name));
        }
        assert!(windows(&alphabet[..33]).is_none());
    }

    #[test]
    fn every_byte_of_a_name_counts_at_every_length() {
        for length in 0..=INLINE {
            let name = vec![b'a'; length];
            let key = Key::short(&name);
            for at in 0..length {
                let mut other = name.clone();
                other[at] = b'b';
                assert!(!is(&key, &other), "{at} of {length}");
            }
            for other in (0..=INLINE).filter(|&other| other != length) {
                assert!(!is(&key, &vec![b'a'; other]), "{other} and {length}");
            }
        }
    }

    #[test]
    fn a_name_is_told_from_itself_with_zeros_after_it() {
        let names: Vec<String> = (0..=32).map(|zeros| "\0".repeat(zeros)).collect();
        for name in &names {
            for other in &names {
                assert_eq!(is(&Key::short(name.as_bytes()), other.as_bytes()), name == other);
            }
        }
    }

    #[test]
    fn no_name_is_the_key_of_none_nor_of_a_longer_one() {
        let long = Key::long(0, 0, 0);
        for length in 0..=INLINE {
            for byte in [0, b'a', 0xBF] {
                assert!(!is(Key::NONE.0, &vec![byte; length]) && !is(&long, &vec![byte; length]));
            }
        }
    }

    #[test]
    fn a_long_key_is_compared_in_full() {
        let arena = b"..the long name";
        let (key, short) = (Key::long(2, 13, 7), Key::short(b"the long name"));
        let key = Key(&key);
        assert_eq!(key.bytes(arena), b"the long name");
        assert!(key.is_long(7, b"the long name", arena));
        assert!(!key.is_long(8, b"the long name", arena));
        assert!(!key.is_long(7, b"the long nam", arena));
        assert!(!key.is_long(7, b"the long namE", arena));
        assert!(!Key(&short).is_long(7, b"the long name", arena));
    }
}
