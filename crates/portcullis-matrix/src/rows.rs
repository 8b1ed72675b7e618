//! Rows: what each distinct set of roles comes to, laid out to be read by one look-up. Row `s` is that of set `s`.
//!
//! **Flat**, for up to 512 permissions. A row is `words` words of what is granted, and as many of what is open in a
//! table of its own, which stays empty as long as no role has conditions: then nothing is open, and there is half as
//! much to read, to write and to keep. Row `r` begins at word `r * words` (rounded up to a power of two, so that a
//! row never lies across two chunks):
//!
//! ```text
//! 130 permissions, 3 words
//!            granted                          open, or no table
//!        ┌────────┬────────┬────────┬───┐   ┌────────┬────────┬────────┬───┐
//! row 0  │ word 0 │ word 1 │ word 2 │   │   │ word 0 │ word 1 │ word 2 │   │   all zero
//!        ├────────┼────────┼────────┼───┤   ├────────┼────────┼────────┼───┤
//! row 1  │ word 4 │ word 5 │ word 6 │   │   │ word 4 │ word 5 │ word 6 │   │   permission p of row r:
//!        ├────────┼────────┼────────┼───┤   ├────────┼────────┼────────┼───┤     word r * 4 + p / 64, bit p % 64
//! row 2  │   …    │        │ ▒▒▒▒▒▒ │   │   │   …    │        │ ▒▒▒▒▒▒ │   │   ▒ bits beyond 129: never set
//!        └────────┴────────┴────────┴───┘   └────────┴────────┴────────┴───┘
//! ```
//!
//! A permission that is not below the count would read the next row: whoever calls compares first.
//!
//! **Paged**, for wider schemas. A row is a list of page ids, one per 512 permissions, and a page
//! is eight lanes, a lane the same word of both planes: 512 bits of both. Pages are interned, and page 0 is all zeros: the parts
//! of a wide schema that a role never names cost 4 bytes a row for each 512 permissions, and a new
//! page costs 128 bytes once:
//!
//! ```text
//! 25,000 permissions, 49 leaves             pages of 8 lanes, 128 bytes each
//!        ┌────┬────┬────┬───┬────┐         ┌────────┬────────┬───┬────────┐
//! row 0  │ 0  │ 0  │ 0  │ … │ 0  │       0 │ zeros  │ zeros  │ … │ zeros  │
//!        ├────┼────┼────┼───┼────┤         ├────────┼────────┼───┼────────┤
//! row 1  │ 1  │ 0  │ 2  │ … │ 0  │       1 │ lane 0 │ lane 1 │ … │ lane 7 │
//!        ├────┼────┼────┼───┼────┤         ├────────┼────────┼───┼────────┤
//! row 2  │ 1  │ 3  │ 2  │ … │ 0  │       2 │ lane 0 │ lane 1 │ … │ lane 7 │
//!        └────┴────┴────┴───┴────┘         └────────┴────────┴───┴────────┘
//!   permission p of row r: leaf r * leaves + p / 512, then lane p / 64 % 8, bit p % 64
//! ```
//!
//! Pages of one plane each, which both planes share, were measured and refused: a row then needs
//! two ids per 512 permissions, and the ids weigh far more than the pages (66,631 rows of 25,000
//! permissions: 26 MB of ids beside 1 MB of pages), and a check waits for two pages, not one.
//!
//! Sets that come to the same were once given one row. That saves little (sets of random roles
//! hardly ever come to the same), and made every role edit write the rows of all subjects anew;
//! now it writes the rows of the sets that hold the role, and no subject.
//!
//! In both, rows 0 and 1 deny everything. Reading never fails; what is not there reads as no bit set.

use alloc::sync::Arc;

use crate::intern::Atom;
use crate::persistent::Table;
use crate::role_words::RoleWords;
use crate::word::{BLOCK_WORDS, Lane, block_of, place_in_block, word_of};
use crate::{RoleId, RolePlanes};

/// 512 bits of both planes: two cache lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Page(pub(crate) [Lane; BLOCK_WORDS]);

impl Page {
    pub(crate) const EMPTY: Self = Self([Lane { granted: 0, open: 0 }; BLOCK_WORDS]);
}

impl Atom for Page {
    #[inline]
    fn mix(self, state: u64, key: u64) -> u64 {
        self.0.into_iter().fold(state, |state, lane| lane.mix(state, key))
    }
}

/// Sets whose roles lie in one chunk, as a power of two: 1,024.
pub(crate) const SETS: u32 = 10;
/// Words of a chunk: 1,024, which are 8 KiB, and so the rows of at most as many sets.
pub(crate) const WORDS: usize = 1 << SETS;
/// Leaves of a chunk: 4,096, which are 16 KiB. The widest schema has rows of 2,048.
pub(crate) const LEAVES: usize = 1 << 12;
/// Pages of a chunk: 128, which are 16 KiB.
pub(crate) const PAGES: usize = 1 << 7;

/// Rows in one of their layouts.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// An entry a row, an item a word; none of what is open as long as nothing can be.
    Flat { granted: Table<u64, WORDS>, open: Table<u64, WORDS> },
    /// An entry a row, an item the id of a page.
    Paged { leaves: Table<u32, LEAVES>, pages: Table<Page, PAGES> },
}

impl Rows {
    /// The lane that holds a permission, which must be below the permission count.
    #[inline]
    pub(crate) fn lane(&self, row: u32, permission: u32) -> Option<Lane> {
        self.word(row, word_of(permission))
    }

    /// The word of what is granted that holds a permission, which must be below the permission count.
    #[inline]
    pub(crate) fn granted(&self, row: u32, permission: u32) -> Option<u64> {
        let word = word_of(permission);
        match self {
            Self::Flat { granted, .. } => granted.item(row as usize, word).copied(),
            Self::Paged { leaves, pages } => paged(leaves, pages, row, word).map(|lane| lane.granted),
        }
    }

    /// A lane by the number of its word, which must be below the words of a row.
    #[inline]
    pub(crate) fn word(&self, row: u32, word: usize) -> Option<Lane> {
        match self {
            Self::Flat { granted, open } => flat(granted, open, row, word),
            Self::Paged { leaves, pages } => paged(leaves, pages, row, word),
        }
    }

    /// How many rows there are.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Flat { granted, .. } => granted.len(),
            Self::Paged { leaves, .. } => leaves.len(),
        }
    }

    /// Adds a row that denies everything.
    pub(crate) fn push(&mut self) {
        match self {
            Self::Flat { granted, open } => {
                granted.push(&[]);
                if !open.is_empty() {
                    open.push(&[]);
                }
            }
            Self::Paged { leaves, .. } => leaves.push(&[]),
        }
    }

    /// Makes room for what is open, where there is none yet.
    pub(crate) fn widen(&mut self) {
        if let Self::Flat { granted, open } = self {
            open.grow(granted.len());
        }
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Flat { granted, open } => granted.bytes() + open.bytes(),
            Self::Paged { leaves, pages } => leaves.bytes() + pages.bytes(),
        }
    }
}

#[inline]
pub(crate) fn flat(
    granted: &Table<u64, WORDS>,
    open: &Table<u64, WORDS>,
    row: u32,
    word: usize,
) -> Option<Lane> {
    let granted = *granted.item(row as usize, word)?;
    let open = if open.is_empty() { 0 } else { *open.item(row as usize, word)? };
    Some(Lane { granted, open })
}

#[inline]
pub(crate) fn paged(
    leaves: &Table<u32, LEAVES>,
    pages: &Table<Page, PAGES>,
    row: u32,
    word: usize,
) -> Option<Lane> {
    let leaf = leaves.item(row as usize, block_of(word))?;
    pages.get(*leaf as usize)?.0.get(place_in_block(word)).copied()
}

/// Writes the row of a set of roles, where rows are flat; `open` is empty as long as nothing can be open.
#[inline]
pub(crate) fn settle(granted: &mut [u64], open: &mut [u64], words: &RoleWords, roles: &[RoleId]) {
    if open.is_empty() {
        for (at, granted) in granted.iter_mut().enumerate() {
            let [allow, deny] = words.unconditional(roles, at);
            *granted = Lane::settle(allow, deny, 0, 0).granted;
        }
        return;
    }
    for (at, (granted, open)) in granted.iter_mut().zip(open).enumerate() {
        let ([allow, deny], [allow_if, deny_if]) =
            (words.unconditional(roles, at), words.conditional(roles, at));
        Lane { granted: *granted, open: *open } = Lane::settle(allow, deny, allow_if, deny_if);
    }
}

/// One block of 512 permissions: the planes of a set of roles united, then settled.
pub(crate) fn unite(
    roles: &Table<Option<Arc<RolePlanes>>, { crate::matrix::ROLES }>,
    set: &[RoleId],
    block: usize,
) -> [Lane; BLOCK_WORDS] {
    let mut united = [[0_u64; BLOCK_WORDS]; 4];
    for role in set.iter().filter_map(|role| roles.get(role.index())?.as_deref()) {
        for (sum, plane) in united.iter_mut().zip(role.planes()) {
            for (sum, word) in sum.iter_mut().zip(plane.words_from(block * BLOCK_WORDS)) {
                *sum |= word;
            }
        }
    }
    let [allow, deny, allow_if, deny_if] = united;
    let mut lanes = [Lane::default(); BLOCK_WORDS];
    let words = allow.into_iter().zip(deny).zip(allow_if).zip(deny_if);
    for (lane, (((allow, deny), allow_if), deny_if)) in lanes.iter_mut().zip(words) {
        *lane = Lane::settle(allow, deny, allow_if, deny_if);
    }
    lanes
}
