//! Names to numbers: the table behind every look-up by string.
//!
//! Outsiders choose the names, so the table is seeded at random per table, bounds its probes, and
//! compares whole keys: a false match would be a wrong allow. Four entries make a bucket of half a cache
//! line; each is 32 bits of the hash and the number of the name, and the bytes of all names lie in one
//! arena. A look-up compares the four hashes of a bucket without a branch (where a name landed in its bucket
//! cannot be predicted, and a wrong guess costs as much as the look-up), and goes on to the next bucket only
//! when one is full. When an insertion would pass the bound on buckets, the table doubles under a new
//! seed, so a look-up reads a bounded number of them whatever was inserted.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

/// The most buckets that a look-up reads. At a load of three quarters nothing comes near it: passing it
/// means either a million times a million to one, or somebody who guessed the seed.
const PROBES: usize = 32;

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

/// What makes the hashes of one table unlike those of any other.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) state: RandomState,
    /// The same randomness as numbers, for hashes that mix by hand.
    pub(crate) salts: [u64; 4],
}

impl Seed {
    fn fresh() -> Self {
        let state = RandomState::default();
        Seed { salts: [0_u64, 1, 2, 3].map(|number| state.hash_one(number)), state }
    }

    /// The hash of a name, all of its bytes.
    ///
    /// Names of 8 to 32 bytes, which ids of people are, are read as four words that overlap and cover them: no loop
    /// and no branch on the length. It is the step that foldhash is made of, without what it needs to take any
    /// length; other lengths go to foldhash itself.
    #[inline]
    fn of_name(&self, name: &[u8]) -> u64 {
        let length = name.len();
        let late = length.saturating_sub(16);
        let words =
            (word(name, 0), word(name, late.min(8)), word(name, late), word(name, length.wrapping_sub(8)));
        if let (Some(first), Some(second), Some(third), Some(last)) = words
            && length <= 32
        {
            let [a, b, c, d] = self.salts;
            let outer = fold(first ^ a ^ length as u64, last ^ b);
            return outer ^ fold(second ^ c, third ^ d).rotate_left(17);
        }
        let mut hasher = self.state.build_hasher();
        hasher.write(name);
        hasher.finish()
    }
}

/// The eight bytes from a place on, if there are so many.
#[inline]
fn word(name: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*name.get(at..)?.first_chunk::<8>()?))
}

/// Both halves of a product, one over the other: every bit of the factors reaches every bit of it.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A table from hashed keys to numbers; whoever owns it keeps the keys and compares them.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// As many as a power of two.
    buckets: Box<[Bucket]>,
    len: usize,
    probes: usize,
    seed: Seed,
}

impl Default for Table {
    fn default() -> Self {
        Table { buckets: Box::new([FREE; 2]), len: 0, probes: PROBES, seed: Seed::fresh() }
    }
}

impl Table {
    /// A table of the numbers below `count`, in which no look-up reads more than `probes` buckets; `None`
    /// when the hashes do not fall apart in `most` buckets.
    pub(crate) fn of(
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
                return Some(Table { buckets, len: count as usize, probes, seed });
            }
            size *= 2;
        }
        None
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The number whose key `is_it`, among those with this hash.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
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

    /// Adds a number that is not there yet. `hash` gives the hash of any number under a seed, for when the
    /// table grows.
    pub(crate) fn insert(&mut self, number: u32, hash: impl Fn(&Seed, u32) -> u64) {
        if (self.len + 1) * 4 > self.buckets.len() * WAYS * 3 {
            self.grow(&hash);
        }
        while !place(&mut self.buckets, hash(&self.seed, number), number, self.probes) {
            self.grow(&hash);
        }
        self.len += 1;
    }

    /// Doubles under a new seed until every entry fits within the bound. It ends: at some size every
    /// pair of distinct hashes falls apart, and equal hashes of distinct keys depend on the seed.
    fn grow(&mut self, hash: &impl Fn(&Seed, u32) -> u64) {
        let mut size = self.buckets.len();
        loop {
            size *= 2;
            let seed = Seed::fresh();
            let mut buckets = vec![FREE; size].into_boxed_slice();
            let mut numbers =
                self.buckets.iter().flat_map(|bucket| bucket.entries).filter_map(|e| e.checked_sub(1));
            if numbers.all(|number| place(&mut buckets, hash(&seed, number), number, self.probes)) {
                self.buckets = buckets;
                self.seed = seed;
                return;
            }
        }
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

/// Where a name lies in its arena.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u32,
    length: u32,
}

impl Place {
    #[inline]
    fn of(self, arena: &[u8]) -> &[u8] {
        arena.get(self.start as usize..).and_then(|rest| rest.get(..self.length as usize)).unwrap_or(&[])
    }
}

/// Distinct names, numbered from zero in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    table: Table,
    arena: String,
    places: Vec<Place>,
}

impl Names {
    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The number of a name.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        self.table.find(self.table.seed().of_name(name.as_bytes()), |number| {
            let place = self.places.get(number as usize);
            place.is_some_and(|place| {
                place.length as usize == name.len() && place.of(self.arena.as_bytes()) == name.as_bytes()
            })
        })
    }

    /// The name of a number; empty when there is none.
    pub(crate) fn name(&self, number: u32) -> &str {
        let place = self.places.get(number as usize);
        place
            .and_then(|place| self.arena.get(place.start as usize..(place.start + place.length) as usize))
            .unwrap_or("")
    }

    /// The number of a name, added when it is new; the second says whether it was. `None` when the
    /// table's four gigabytes are full.
    pub(crate) fn intern(&mut self, name: &str) -> Option<(u32, bool)> {
        if let Some(number) = self.get(name) {
            return Some((number, false));
        }
        u32::try_from(self.arena.len().checked_add(name.len())?).ok()?;
        let number = u32::try_from(self.places.len()).ok().filter(|&number| number < u32::MAX - 1)?;
        self.places.push(Place { start: self.arena.len() as u32, length: name.len() as u32 });
        self.arena.push_str(name);
        let (arena, places) = (self.arena.as_bytes(), &self.places);
        self.table.insert(number, |seed, number| {
            seed.of_name(places.get(number as usize).map_or(&[], |place| place.of(arena)))
        });
        Some((number, true))
    }

    /// All names in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.places.len() as u32).map(|number| self.name(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_when_their_bytes_are() {
        let mut names = Names::default();
        // Composed and decomposed é, a prefix, a case: four different names.
        for (number, name) in ["é", "e\u{301}", "e", "E"].into_iter().enumerate() {
            assert_eq!(names.intern(name), Some((number as u32, true)));
        }
        assert_eq!(names.intern("e"), Some((2, false)));
        assert_eq!(names.get("f"), None);
        assert_eq!(names.get(""), None);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["é", "e\u{301}", "e", "E"]);
    }

    #[test]
    fn every_name_of_many_is_found_and_no_other() {
        let mut names = Names::default();
        for number in 0..20_000_u32 {
            assert_eq!(names.intern(&format!("member-{number}@acme.example")), Some((number, true)));
        }
        for number in 0..20_000_u32 {
            assert_eq!(names.get(&format!("member-{number}@acme.example")), Some(number));
            assert_eq!(names.get(&format!("member-{number}@acme.example ")), None);
        }
        assert_eq!(names.len(), 20_000);
    }

    #[test]
    fn every_byte_of_a_name_counts_at_every_length() {
        let mut names = Names::default();
        for length in 1..=40 {
            for at in 0..length {
                let mut name = "a".repeat(length);
                name.replace_range(at..=at, "b");
                assert!(names.intern(&name).unwrap().1, "{name} is new");
                let seed = names.table.seed();
                assert_ne!(
                    seed.of_name(name.as_bytes()),
                    seed.of_name("a".repeat(length).as_bytes()),
                    "{name}"
                );
            }
        }
        // Names of one letter differ by their length alone.
        let hashes: Vec<u64> =
            (1..=40).map(|length| names.table.seed().of_name(&vec![b'a'; length])).collect();
        assert!(hashes.iter().all(|hash| hashes.iter().filter(|other| *other == hash).count() == 1));
    }

    #[test]
    fn no_look_up_reads_more_buckets_than_the_bound() {
        let mut buckets = vec![FREE; 256];
        for number in 0..(PROBES * WAYS) as u32 {
            assert!(place(&mut buckets, 7, number, PROBES));
        }
        assert!(!place(&mut buckets, 7, 9_999, PROBES));
        // Hashes that cannot fall apart make no table, however large it may get; distinct ones do.
        assert!(Table::of(9, 2, 1 << 12, |_, _| 7).is_none());
        let table = Table::of(9, 3, 1 << 12, |_, number| u64::from(number) << 32 | 1).unwrap();
        assert!(
            (0..9).all(|number| table.find(u64::from(number) << 32 | 1, |n| n == number) == Some(number))
        );
    }

    #[test]
    fn names_with_the_same_hash_are_told_apart_by_their_keys() {
        let mut table = Table::default();
        for number in 0..100 {
            table.insert(number, |_, _| 42);
        }
        assert!((0..100).all(|number| table.find(42, |found| found == number) == Some(number)));
        assert_eq!(table.find(42, |_| false), None);
    }

    #[test]
    fn an_insertion_past_the_bound_grows_the_table_under_a_new_seed() {
        // Hashes that are equal in their low eight bits: they fall apart only in a table of more buckets.
        let hash = |_: &Seed, number: u32| u64::from(number) << 8;
        let mut table = Table::default();
        for number in 0..300 {
            table.insert(number, hash);
        }
        assert!(
            (0..300)
                .all(|number| table.find(u64::from(number) << 8, |found| found == number) == Some(number))
        );
        assert!(table.buckets.len() > 256);
    }
}
