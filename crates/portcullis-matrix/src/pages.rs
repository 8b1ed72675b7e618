//! Pages that rows share: found by their bits, counted by their uses.
//!
//! Only whoever edits needs any of this; a check follows page ids. A page that no row uses any more is emptied, and
//! its id given out again, so that edits without end do not grow the table. Page 0 is all zeros: it is used by
//! everybody, counted for nobody and never freed.

use alloc::vec::Vec;

use crate::intern::Index;
use crate::persistent::Table;
use crate::rows::{LEAVES, PAGES, Page};

/// The most pages: ids stay well below the one that means "none".
pub(crate) const MOST_PAGES: usize = 1 << 31;

/// What finds a page by its bits, and how many rows use each.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) index: Index,
    pub(crate) uses: Vec<u32>,
    pub(crate) vacant: Vec<u32>,
}

impl Pages {
    pub(crate) fn new(seed: u64) -> Self {
        Self { index: Index::new(seed), uses: Vec::new(), vacant: Vec::new() }
    }

    /// The id of a page, which is added when it is new, with one use more.
    pub(crate) fn acquire(&mut self, pages: &mut Table<Page, PAGES>, page: Page, free: &mut u32) -> u32 {
        if page == Page::EMPTY {
            return 0;
        }
        let id = self.index.find(pages, &[page]).unwrap_or_else(|| {
            let id = match self.vacant.pop() {
                Some(id) => {
                    *free -= 1;
                    pages.entry_mut(id as usize).fill(page);
                    id
                }
                None => {
                    pages.push(&[page]);
                    pages.len() as u32 - 1
                }
            };
            self.index.insert(pages, id);
            id
        });
        self.uses.resize(self.uses.len().max(id as usize + 1), 0);
        self.uses.iter_mut().skip(id as usize).take(1).for_each(|uses| *uses += 1);
        id
    }

    /// One use less; a page that nobody uses is free.
    pub(crate) fn release(&mut self, pages: &mut Table<Page, PAGES>, id: u32, free: &mut u32) {
        let Some(uses) = self.uses.get_mut(id as usize).filter(|_| id > 0) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            if let Some(page) = pages.get(id as usize).copied() {
                self.index.remove(pages, &[page]);
            }
            pages.entry_mut(id as usize).fill(Page::EMPTY);
            self.vacant.push(id);
            *free += 1;
        }
    }

    /// Finds again who uses what.
    pub(crate) fn resume(&mut self, leaves: &Table<u32, LEAVES>, pages: &Table<Page, PAGES>) {
        self.uses.resize(pages.len(), 0);
        for leaf in (0..leaves.len()).flat_map(|row| leaves.entry(row)) {
            if let Some(uses) = self.uses.get_mut(*leaf as usize) {
                *uses += 1;
            }
        }
        for (page, uses) in (0..).zip(&self.uses).skip(1) {
            if *uses == 0 {
                self.vacant.push(page);
            } else {
                self.index.insert(pages, page);
            }
        }
    }
}
