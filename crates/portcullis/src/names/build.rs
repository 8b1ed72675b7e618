//! A table of many names at once, on all cores.
//!
//! All names are hashed, their numbers sorted by shard, and the shards filled one beside the other, each with as many
//! groups as it needs. Of equal names the one with the lowest number is kept, whatever the threads do.

use std::hint::black_box;
use std::sync::Arc;

use rayon::prelude::*;

use super::key::Name;
use super::seed::Seed;
use super::shard::Shard;
use super::{BITS, Names, SHARD};

/// Fewer names than this are entered before threads would have woken up.
const FEW: u32 = 8_192;

/// How many names are made ready before they are entered, so that they wait for memory together.
const STAGE: usize = 64;

/// A table and what its owner must know of it.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) names: Names,
    /// The hash of each name, by number.
    pub(crate) hashes: Vec<u32>,
    /// Numbers whose names an earlier number has, ascending, with that number. They are not in the table.
    pub(crate) duplicates: Vec<(u32, u32)>,
}

impl Names {
    /// A table of the names of all numbers below `count`.
    pub(crate) fn build<'n>(count: u32, name: impl Fn(u32) -> &'n str + Sync) -> Built {
        under_some_seed(count, &|at| (at, name(at)))
    }

    /// The same names and one more, under a new seed.
    pub(super) fn reseeded(&self, name: &str, number: u32) -> Names {
        let mut entries: Vec<(u32, &str)> = self.iter().collect();
        entries.push((number, name));
        under_some_seed(entries.len() as u32, &|at| entries.get(at as usize).copied().unwrap_or((0, "")))
            .names
    }
}

/// Draws seeds until one suits. The first does, but once in more tables than there will ever be.
fn under_some_seed<'n>(count: u32, entry: &(impl Fn(u32) -> (u32, &'n str) + Sync)) -> Built {
    loop {
        if let Some(built) = under(Seed::fresh(), count, entry) {
            return built;
        }
    }
}

/// Builds the table under a seed; `None` when it has no place for a name.
pub(super) fn under<'n>(
    seed: Seed,
    count: u32,
    entry: &(impl Fn(u32) -> (u32, &'n str) + Sync),
) -> Option<Built> {
    if count == 0 {
        return Some(Built { names: Names::seeded(seed), hashes: Vec::new(), duplicates: Vec::new() });
    }
    let hash = |at: u32| seed.prepare(entry(at).1).0;
    let hashes: Vec<u32> = if count < FEW {
        (0..count).map(hash).collect()
    } else {
        (0..count).into_par_iter().with_min_len(FEW as usize / 4).map(hash).collect()
    };
    let depth = (count as usize).div_ceil(SHARD).next_power_of_two().ilog2() as u8;
    let (order, ends) = by_shard(&hashes, depth);
    let count_shards = 1_usize << depth;
    let numbers = |shard: usize| {
        let start = shard.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let end = ends.get(shard).copied().unwrap_or(0);
        order.get(start as usize..end as usize).unwrap_or(&[])
    };
    // All memory that stays is asked for by the thread that asks for the table. What another thread asks for comes from a heap
    // of that thread's; edits free it there sooner or later, where whoever edits cannot have it.
    let storage: Vec<Vec<u8>> = (0..count_shards).map(|shard| Shard::storage(numbers(shard).len())).collect();
    let fill = |(shard, storage): (usize, Vec<u8>)| {
        let numbers = numbers(shard);
        filled(&seed, Shard::within(storage, depth), numbers, entry).or_else(|| {
            // A shard that is too crowded somewhere gets more room before the seed is blamed.
            let rooms = [numbers.len() * 5 / 4, numbers.len() * 2, numbers.len() * 4];
            rooms.into_iter().find_map(|room| filled(&seed, Shard::with_room(room, depth), numbers, entry))
        })
    };
    let filled: Option<Vec<Filled>> = if count < FEW {
        storage.into_iter().enumerate().map(fill).collect()
    } else {
        storage.into_par_iter().enumerate().map(fill).collect()
    };
    let mut duplicates = Vec::new();
    let mut shards = Vec::with_capacity(count_shards);
    for (shard, twice) in filled? {
        duplicates.extend(twice);
        shards.push(Arc::new(shard));
    }
    duplicates.sort_unstable();
    let len = count - duplicates.len() as u32;
    Some(Built {
        names: Names {
            shards: shards.into(),
            shift: BITS - depth,
            len,
            seed,
            void: Arc::default(),
            veil: 0,
            copied: 0,
        },
        hashes,
        duplicates,
    })
}

/// A shard and the numbers whose names were in it already.
type Filled = (Shard, Vec<(u32, u32)>);

/// Puts names into an empty shard.
fn filled<'n>(
    seed: &Seed,
    mut shard: Shard,
    numbers: &[u32],
    entry: &impl Fn(u32) -> (u32, &'n str),
) -> Option<Filled> {
    let mut duplicates = Vec::new();
    let mut near: Vec<(u32, &'n str)> = Vec::with_capacity(STAGE.min(numbers.len()));
    let mut ready: Vec<(u32, u32, Name<'n>)> = Vec::with_capacity(STAGE.min(numbers.len()));
    for stage in numbers.chunks(STAGE) {
        near.clear();
        near.extend(stage.iter().map(|&at| entry(at)));
        // The names of a shard lie all over memory. To read their ends, and do nothing else, fetches them together.
        black_box(near.iter().fold(0, |bytes, (_, name)| bytes ^ ends(name.as_bytes())));
        ready.clear();
        ready.extend(near.iter().map(|&(number, name)| {
            let (hash, name) = seed.prepare(name);
            (number, hash, name)
        }));
        for (number, hash, name) in &ready {
            let has = shard.enter(*hash, name, *number)?;
            if has != *number {
                duplicates.push((*number, has));
            }
        }
    }
    Some((shard, duplicates))
}

fn ends(name: &[u8]) -> u8 {
    if let ([first, ..], [.., last]) = (name, name) { first ^ last } else { 0 }
}

/// The places of all hashes, sorted by shard and ascending within each, and where each shard's end.
fn by_shard(hashes: &[u32], depth: u8) -> (Vec<u32>, Vec<u32>) {
    let shard = |hash: u32| (u64::from(hash) >> u32::from(BITS - depth)) as usize;
    let mut ends = vec![0_u32; 1 << depth];
    for &hash in hashes {
        if let Some(count) = ends.get_mut(shard(hash)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for end in &mut ends {
        // For now, where each begins; entering moves it to the end.
        (*end, sum) = (sum, sum + *end);
    }
    let mut order = vec![0; hashes.len()];
    for (at, &hash) in (0..).zip(hashes) {
        if let Some(end) = ends.get_mut(shard(hash)) {
            if let Some(place) = order.get_mut(*end as usize) {
                *place = at;
            }
            *end += 1;
        }
    }
    (order, ends)
}
