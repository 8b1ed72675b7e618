//! Many names at once: a block is taken through each stage before the next begins.
//!
//! A look-up in a large table waits for memory twice, for a group's tags and for the key. One after the other, names
//! wait in turn, as far as the processor does not look ahead. In stages (hash all; read all tags; read all keys)
//! nothing of one name depends on the last, so a block waits about as long as one name. No stage branches on what it
//! found; the few names that a first glance does not settle are looked up again in full.

use super::key::padded;
use super::shard::Shard;
use super::tags::{Tags, tag};
use super::{NOBODY, Names};

/// How many names make a block.
pub(crate) const STAGE: usize = 32;

/// One name on its way.
#[derive(Clone, Copy)]
struct Asked<'t> {
    words: [u64; 4],
    hash: u32,
    groups: (u32, u32),
    tags: (Tags, Tags),
    shard: Option<&'t Shard>,
}

impl Names {
    /// The numbers of as many names as `numbers` takes; [`NOBODY`] where there is none.
    pub(crate) fn get_many<'n>(&self, name: impl Fn(usize) -> &'n str, numbers: &mut [u32]) {
        for (block, numbers) in numbers.chunks_mut(STAGE).enumerate() {
            self.get_block(|at| name(block * STAGE + at), numbers);
        }
    }

    /// The same for at most [`STAGE`] names.
    #[inline]
    fn get_block<'n>(&self, name: impl Fn(usize) -> &'n str, numbers: &mut [u32]) {
        let mut block =
            [Asked { words: [0; 4], hash: 0, groups: (0, 0), tags: (Tags::FREE, Tags::FREE), shard: None };
                STAGE];
        let mut unsettled = 0_u32;
        for (at, asked) in (0..numbers.len()).zip(&mut block) {
            match padded(name(at).as_bytes()) {
                Some(words) => {
                    asked.hash = self.seed.of_words(words);
                    asked.words = words;
                }
                None => unsettled |= 1 << at,
            }
        }
        for asked in block.iter_mut().take(numbers.len()) {
            if let Some(shard) = self.shard(asked.hash) {
                asked.shard = Some(shard);
                let (first, second) = shard.groups(asked.hash);
                asked.groups = (first as u32, second as u32);
                asked.tags = (shard.tags(first), shard.tags(second));
            }
        }
        for (at, (asked, number)) in block.iter().zip(numbers.iter_mut()).enumerate() {
            let tag = tag(asked.hash);
            let (first, second) = (asked.tags.0.matching(tag), asked.tags.1.matching(tag));
            let in_first = (asked.groups.0, first);
            let (group, hits) = if first.is_empty() { (asked.groups.1, second) } else { in_first };
            let found = asked
                .shard
                .and_then(|shard| shard.number_if(group as usize, hits.first(), asked.words))
                .filter(|_| !hits.is_empty());
            *number = found.unwrap_or(NOBODY);
            let settled = found.is_some() | hits.is_empty();
            unsettled |= u32::from(!settled) << at;
        }
        while unsettled != 0 {
            let at = unsettled.trailing_zeros() as usize;
            if let Some(number) = numbers.get_mut(at) {
                *number = self.get(name(at)).unwrap_or(NOBODY);
            }
            unsettled &= unsettled - 1;
        }
    }
}
