//! A column of ids, as narrow as they allow.
//!
//! Every subject has a row id and a set id. Most workspaces have fewer than 256 distinct rows, and
//! a byte a subject keeps a million of them inside the second-level cache, where four would not
//! fit. The width (1, 2 or 4 bytes) is chosen once, when the matrix is built.
//!
//! Reading does not branch on the width: it always loads four bytes, low byte first, and masks
//! away those of the neighbours. An `enum` of three slices was measured and refused: choosing
//! among them costs two more jumps a check. The last id is padded so that its four bytes exist:
//!
//! ```text
//!   2-byte ids       │ id 0  │ id 1  │ id 2  │ 0   0 │
//!   reading id 1             └── four bytes ─┘
//!                            └ kept ─┘ masked
//! ```
//!
//! An index that is not there has no id; where one must be had it reads as 0, which is the all-deny
//! row and the empty set.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bytes that a read loads.
const LOAD: usize = size_of::<u32>();

/// Ids below a bound that was known when the column was made.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) bytes: Box<[u8]>,
    /// The bits of an id, of the four bytes that are loaded.
    mask: u32,
    /// Bytes of an id.
    width: u8,
}

impl Column {
    /// Packs ids that are all below `bound`.
    pub(crate) fn pack(ids: impl ExactSizeIterator<Item = u32>, bound: usize) -> Self {
        let (width, mask) = match bound {
            0..=0x100 => (1, 0xff),
            0x101..=0x1_0000 => (2, 0xffff),
            _ => (4, u32::MAX),
        };
        let padding = LOAD - usize::from(width);
        let mut bytes = Vec::with_capacity(ids.len() * usize::from(width) + padding);
        for id in ids {
            // An id at or above the bound would be a fault of the builder; it becomes 0, a deny.
            let id = if id & mask == id { id } else { 0 };
            bytes.extend(id.to_le_bytes().into_iter().take(usize::from(width)));
        }
        bytes.resize(bytes.len() + padding, 0);
        Self { bytes: bytes.into_boxed_slice(), mask, width }
    }

    /// The id at an index.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<u32> {
        // 64 bits hold any product of 32 and 8 bits, so that the end cannot wrap either.
        let start = (u64::from(index) * u64::from(self.width)) as usize;
        let bytes = self.bytes.get(start..start + LOAD)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) & self.mask)
    }

    /// The id at an index; 0 when there is none.
    #[inline]
    pub(crate) fn read(&self, index: u32) -> u32 {
        self.get(index).unwrap_or(0)
    }

    pub(crate) fn len(&self) -> usize {
        let padding = LOAD - usize::from(self.width);
        (self.bytes.len() - padding) / usize::from(self.width)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len() as u32).map(|index| self.read(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_change_where_the_ids_no_longer_fit() {
        for (bound, width) in
            [(0, 1), (1, 1), (255, 1), (256, 1), (257, 2), (65_535, 2), (65_536, 2), (65_537, 4)]
        {
            let last = u32::try_from(bound).unwrap().saturating_sub(1);
            let column = Column::pack([last, 0, last].into_iter(), bound);
            assert_eq!(column.width, width, "{bound} ids");
            assert_eq!(column.len(), 3);
            assert!(column.iter().eq([last, 0, last]), "{bound} ids");
            for beyond in [3, 4, 5, u32::MAX] {
                assert_eq!(column.get(beyond), None, "{bound} ids");
            }
        }
    }

    #[test]
    fn an_empty_column_reads_as_zero() {
        for bound in [0, 300, 70_000] {
            let column = Column::pack([].into_iter(), bound);
            assert_eq!((column.len(), column.read(0)), (0, 0));
        }
    }
}
