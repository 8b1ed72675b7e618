//! Words and bits: the only file of this crate that knows where in a word a bit lies.
//!
//! A permission is bit `id % 64` of word `id / 64`; eight words make a block of 512 bits, one
//! cache line. Everything else in the crate speaks of lanes, rows, planes and verdicts, so that a
//! reader who has checked this page has checked all of the arithmetic there is.
//!
//! Nothing here may fail or allocate. A shift by 64 or more is the classic mistake of such code,
//! so shifts take their amount through [`place`], which cannot exceed 63, or guard for the full
//! word in plain sight.

/// Bits in a word.
pub(crate) const WORD: u32 = u64::BITS;
/// Words in a block: 512 bits, one cache line.
pub(crate) const BLOCK_WORDS: usize = 8;

/// The same word of a row's two planes: 64 permissions, and what is granted and open of them.
///
/// No bit is ever set in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) granted: u64,
    pub(crate) open: u64,
}

impl Lane {
    /// Settles 64 permissions at once: the four planes that roles unite to, become two.
    ///
    /// The scalar spelling of the same rule is [`Cell::verdict`](crate::Cell::verdict), and
    /// [`Matrix::validate`](crate::Matrix::validate) holds the two together.
    #[inline]
    pub(crate) const fn settle(allow: u64, deny: u64, allow_if: u64, deny_if: u64) -> Self {
        let granted = allow & !(deny | deny_if);
        let open = (allow | allow_if) & !deny & !granted;
        Self { granted, open }
    }

    /// Moves every answer up by one place, and puts one permission of `lane` in the lowest: so the last answer comes first. (Moved down they
    /// would need a shift over two words, which takes processors as long as all the rest.)
    #[inline]
    pub(crate) const fn push(&mut self, lane: Self, permission: u32) {
        let at = place(permission);
        self.granted = self.granted << 1 | lane.granted >> at & 1;
        self.open = self.open << 1 | lane.open >> at & 1;
    }
}

/// The word in which bit `i` says what answer `i` says.
#[inline]
pub(crate) fn gathered(answers: [bool; WORD as usize]) -> u64 {
    // Eight answers of a byte each become a byte of bits: the factor moves the lowest bit of byte `i` to bit 56 + `i`.
    let byte = |eight: &[bool]| {
        let bytes = eight.iter().rev().fold(0_u64, |bytes, answer| bytes << 8 | u64::from(*answer));
        bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56
    };
    answers.chunks(8).rev().fold(0, |word, eight| word << 8 | byte(eight))
}

/// How many words hold `bits` bits.
#[inline]
pub(crate) const fn words(bits: u32) -> usize {
    bits.div_ceil(WORD) as usize
}

/// The word that holds a bit.
#[inline]
pub(crate) const fn word_of(bit: u32) -> usize {
    (bit / WORD) as usize
}

/// The place of a bit inside its word, 0 to 63.
#[inline]
pub(crate) const fn place(bit: u32) -> u32 {
    bit % WORD
}

/// The block that holds a word.
#[inline]
pub(crate) const fn block_of(word: usize) -> usize {
    word / BLOCK_WORDS
}

/// The place of a word inside its block, 0 to 7.
#[inline]
pub(crate) const fn place_in_block(word: usize) -> usize {
    word % BLOCK_WORDS
}

/// The word with this bit alone.
#[inline]
pub(crate) const fn bit(bit: u32) -> u64 {
    1 << place(bit)
}

/// Whether a bit is set.
#[inline]
pub(crate) const fn test(word: u64, bit: u32) -> bool {
    word >> place(bit) & 1 == 1
}

/// The lowest `count` bits; all of them from 64 on.
#[inline]
pub(crate) const fn low(count: u32) -> u64 {
    if count >= WORD { u64::MAX } else { (1 << count) - 1 }
}

/// The bits of word number `word` that lie in `start..end` of the whole run of words.
#[inline]
pub(crate) fn span(word: usize, start: u32, end: u32) -> u64 {
    let first = u64::from(WORD) * word as u64;
    let below = |edge: u32| low(u64::from(edge).saturating_sub(first).min(64) as u32);
    below(end) & !below(start)
}

/// `count` bits (at most 64) that begin at `first` and may run over the end of their word.
///
/// `this` is the word that holds `first`, `next` the one after it.
#[inline]
pub(crate) const fn run(this: u64, next: u64, first: u32, count: u32) -> u64 {
    let at = place(first);
    // A shift of `next` by 64 when `at` is 0 is avoided in two steps of at most 63.
    let joined = this >> at | next << 1 << (WORD - 1 - at);
    joined & low(count)
}

/// The places of the bits that are set in one word, lowest first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ones(pub(crate) u64);

impl Iterator for Ones {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros();
        self.0 &= self.0 - 1; // clears the lowest bit that is set
        Some(at)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.count_ones() as usize;
        (left, Some(left))
    }
}

/// Multiplies to 128 bits and folds the halves: each bit of both factors reaches the result.
#[inline]
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// The upper half of a hash, which the interner keeps beside an id.
#[inline]
pub(crate) const fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_has_as_many_bits_as_asked() {
        assert_eq!(low(0), 0);
        assert_eq!(low(1), 1);
        assert_eq!(low(63), u64::MAX / 2);
        assert_eq!(low(64), u64::MAX);
        assert_eq!(low(65), u64::MAX);
    }

    #[test]
    fn span_cuts_a_range_word_by_word() {
        for (start, end) in [(0, 0), (0, 1), (3, 64), (0, 64), (64, 64), (63, 65), (10, 200), (130, 131)] {
            for bit_number in 0..256 {
                let inside = test(span(word_of(bit_number), start, end), bit_number);
                assert_eq!(inside, (start..end).contains(&bit_number), "{bit_number} of {start}..{end}");
            }
        }
    }

    #[test]
    fn run_reads_across_the_end_of_a_word() {
        let (this, next) = (0xdead_beef_0123_4567_u64, 0x89ab_cdef_7654_3210_u64);
        let both = u128::from(this) | u128::from(next) << 64;
        for first in 0..64 {
            for count in 0..=64 {
                let expected = (both >> first) as u64 & low(count);
                assert_eq!(run(this, next, first, count), expected, "{count} bits from {first}");
            }
        }
    }

    #[test]
    fn answers_are_gathered_in_order() {
        for word in [0, 1, 1 << 63, u64::MAX, 0x0123_4567_89ab_cdef, 0xdead_beef_0bad_f00d] {
            assert_eq!(gathered(core::array::from_fn(|at| test(word, at as u32))), word);
        }
    }

    #[test]
    fn ones_lists_the_bits_in_order() {
        assert!(Ones(0).next().is_none());
        assert!(Ones(1 << 63 | 1 << 5 | 1).eq([0, 5, 63]));
        assert_eq!(Ones(u64::MAX).count(), 64);
    }
}
