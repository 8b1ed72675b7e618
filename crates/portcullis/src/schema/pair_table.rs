//! The table under the pairs: from hashes to numbers, in buckets of four.
//!
//! Whoever owns it keeps the keys and compares them. Four entries make a bucket of half a cache line; each is 32 bits
//! of the hash and a number. A look-up compares the four hashes of a bucket without a branch (where an entry landed in
//! its bucket cannot be predicted, and a wrong guess costs as much as the look-up), and goes on to the next bucket
//! only when one is full. A table is built once, under a seed and in a size in which no look-up reads more buckets
//! than its bound.

use crate::names::Seed;

/// Entries of a bucket.
const WAYS: usize = 4;

/// Four entries, filled from the front.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tags: [u32; WAYS],
    /// Numbers plus one; zero marks a free place.
    entries: [u32; WAYS],
}

const FREE: Bucket = Bucket { tags: [0; WAYS], entries: [0; WAYS] };

impl Bucket {
    /// The first entry with this tag, or zero. Compiles to comparisons and selections, no branch.
    #[inline]
    fn tagged(&self, tag: u32) -> u32 {
        let [a, b, c, d] = self.tags;
        let hits = u32::from(a == tag)
            | u32::from(b == tag) << 1
            | u32::from(c == tag) << 2
            | u32::from(d == tag) << 3;
        self.entries.get(hits.trailing_zeros() as usize).copied().unwrap_or(0)
    }

    /// The other entries with this tag: two names of one bucket share a tag once in four billion.
    #[cold]
    #[inline(never)]
    fn search(&self, tag: u32, is_it: &dyn Fn(u32) -> bool) -> Option<u32> {
        let tagged = self.tags.iter().zip(&self.entries).filter(|(t, _)| **t == tag);
        tagged.filter_map(|(_, entry)| entry.checked_sub(1)).find(|&number| is_it(number))
    }

    fn is_full(&self) -> bool {
        let [.., last] = self.entries;
        last != 0
    }
}

/// A table from hashed keys to numbers; whoever owns it keeps the keys and compares them.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// As many as a power of two.
    buckets: Box<[Bucket]>,
    probes: usize,
    seed: Seed,
}

impl Table {
    /// A table of the numbers below `count`, in which no look-up reads more than `probes` buckets; `None`
    /// when the hashes do not fall apart in `most` buckets.
    pub(super) fn of(
        count: u32,
        probes: usize,
        most: usize,
        hash: impl Fn(&Seed, u32) -> u64,
    ) -> Option<Table> {
        let mut size = (count as usize * 2 / WAYS).next_power_of_two();
        while size <= most {
            let seed = Seed::fresh();
            let mut buckets = vec![FREE; size].into_boxed_slice();
            if (0..count).all(|number| place(&mut buckets, hash(&seed, number), number, probes)) {
                return Some(Table { buckets, probes, seed });
            }
            size *= 2;
        }
        None
    }

    /// The same, in as many buckets and reading as many as it takes. At a load of a half nothing comes near the bound
    /// that is tried first: only hashes that are equal under every seed would pass it.
    pub(super) fn at_any_cost(count: u32, hash: impl Fn(&Seed, u32) -> u64) -> Table {
        let most = (count as usize).next_power_of_two();
        let bounded = Table::of(count, 32, most.saturating_mul(8), &hash);
        let table = bounded.or_else(|| Table::of(count, usize::MAX, most, &hash));
        table.unwrap_or_else(|| Table { buckets: Box::new([FREE]), probes: 1, seed: Seed::fresh() })
    }

    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The number whose key `is_it`, among those with this hash.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = (hash >> 32) as u32;
        let mask = self.buckets.len() - 1;
        for step in 0..self.probes {
            let bucket = self.buckets.get((hash as usize).wrapping_add(step) & mask)?;
            if let Some(number) = bucket.tagged(tag).checked_sub(1) {
                if is_it(number) {
                    return Some(number);
                }
                if let Some(number) = bucket.search(tag, &is_it) {
                    return Some(number);
                }
            }
            if !bucket.is_full() {
                return None;
            }
        }
        None
    }
}

fn place(buckets: &mut [Bucket], hash: u64, number: u32, probes: usize) -> bool {
    let mask = buckets.len() - 1;
    for step in 0..probes {
        let Some(bucket) = buckets.get_mut((hash as usize).wrapping_add(step) & mask) else { return false };
        let free = bucket.tags.iter_mut().zip(&mut bucket.entries).find(|(_, entry)| **entry == 0);
        if let Some((tag, entry)) = free {
            *tag = (hash >> 32) as u32;
            *entry = number + 1;
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_look_up_reads_more_buckets_than_the_bound() {
        let mut buckets = vec![FREE; 256];
        for number in 0..(32 * WAYS) as u32 {
            assert!(place(&mut buckets, 7, number, 32));
        }
        assert!(!place(&mut buckets, 7, 9_999, 32));
        // Hashes that cannot fall apart make no table, however large it may get; distinct ones do.
        assert!(Table::of(9, 2, 1 << 12, |_, _| 7).is_none());
        let table = Table::of(9, 3, 1 << 12, |_, number| u64::from(number) << 32 | 1).unwrap();
        assert!(
            (0..9).all(|number| table.find(u64::from(number) << 32 | 1, |n| n == number) == Some(number))
        );
    }

    #[test]
    fn entries_with_the_same_hash_are_told_apart_by_their_keys() {
        for count in [0, 1, 100, 1_000] {
            let table = Table::at_any_cost(count, |_, _| 42);
            assert!((0..count).all(|number| table.find(42, |found| found == number) == Some(number)));
            assert_eq!(table.find(42, |_| false), None);
        }
    }

    #[test]
    fn a_table_grows_until_entries_lie_within_the_bound() {
        // Hashes that are equal in their low eight bits: they fall apart only in a table of more buckets.
        let table = Table::at_any_cost(300, |_, number| u64::from(number) << 8);
        let find = |number: u32| table.find(u64::from(number) << 8, |found| found == number);
        assert!((0..300).all(|number| find(number) == Some(number)));
        assert!(table.buckets.len() > 256);
        assert_eq!(table.probes, 32);
    }
}
