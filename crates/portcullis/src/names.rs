//! Names to numbers: the table behind every look-up by string.
//!
//! Outsiders choose the names, so the table is seeded at random per table, bounds its probes, and
//! compares whole keys: a false match would be a wrong allow. A slot holds 32 bits of the hash and the
//! number of the name; the bytes of all names lie in one arena. Probing is linear from the hash; when
//! an insertion would pass the bound, the table doubles under a new seed, so a look-up reads a
//! bounded number of slots whatever was inserted.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// The most slots that a look-up reads. Linear probing at a load of one half stays far below it: passing
/// it means either a million times a million to one, or somebody who guessed the seed.
const PROBES: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    /// The number of the entry plus one; zero marks a free slot.
    entry: u32,
}

const FREE: Slot = Slot { tag: 0, entry: 0 };

/// What makes the hashes of one table unlike those of any other.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) state: RandomState,
    /// The same randomness as a number, for hashes that mix by hand.
    pub(crate) salt: u64,
}

impl Seed {
    fn fresh() -> Self {
        let state = RandomState::default();
        Seed { salt: state.hash_one(0_u64), state }
    }

    #[inline]
    fn of_name(&self, name: &str) -> u64 {
        use std::hash::Hasher;
        let mut hasher = self.state.build_hasher();
        hasher.write(name.as_bytes());
        hasher.finish()
    }
}

/// A table from hashed keys to numbers; whoever owns it keeps the keys and compares them.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    slots: Box<[Slot]>,
    len: usize,
    probes: usize,
    seed: Seed,
}

impl Default for Table {
    fn default() -> Self {
        Table { slots: Box::new([FREE; 8]), len: 0, probes: PROBES, seed: Seed::fresh() }
    }
}

impl Table {
    /// A table of the numbers below `count`, in which no look-up reads more than `probes` slots; `None` when
    /// the hashes do not fall apart in `most` slots.
    pub(crate) fn of(
        count: u32,
        probes: usize,
        most: usize,
        hash: impl Fn(&Seed, u32) -> u64,
    ) -> Option<Table> {
        let mut size = (count as usize * 2).next_power_of_two().max(8);
        while size <= most {
            let seed = Seed::fresh();
            let mut slots = vec![FREE; size].into_boxed_slice();
            if (0..count).all(|number| place(&mut slots, hash(&seed, number), number, probes)) {
                return Some(Table { slots, len: count as usize, probes, seed });
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
        let mask = self.slots.len() - 1;
        let mut at = hash as usize;
        for _ in 0..self.probes {
            let slot = self.slots.get(at & mask)?;
            let number = slot.entry.checked_sub(1)?;
            if slot.tag == (hash >> 32) as u32 && is_it(number) {
                return Some(number);
            }
            at = at.wrapping_add(1);
        }
        None
    }

    /// Adds a number that is not there yet. `hash` gives the hash of any number under a seed, for when the
    /// table grows.
    pub(crate) fn insert(&mut self, number: u32, hash: impl Fn(&Seed, u32) -> u64) {
        if (self.len + 1) * 2 > self.slots.len() {
            self.grow(&hash);
        }
        while !place(&mut self.slots, hash(&self.seed, number), number, self.probes) {
            self.grow(&hash);
        }
        self.len += 1;
    }

    /// Doubles under a new seed until every entry fits within the probe bound. It ends: at some size every
    /// pair of distinct hashes falls apart, and equal hashes of distinct keys depend on the seed.
    fn grow(&mut self, hash: &impl Fn(&Seed, u32) -> u64) {
        let mut size = self.slots.len();
        loop {
            size *= 2;
            let seed = Seed::fresh();
            let mut slots = vec![FREE; size].into_boxed_slice();
            let mut numbers = self.slots.iter().filter_map(|slot| slot.entry.checked_sub(1));
            if numbers.all(|number| place(&mut slots, hash(&seed, number), number, self.probes)) {
                self.slots = slots;
                self.seed = seed;
                return;
            }
        }
    }
}

fn place(slots: &mut [Slot], hash: u64, number: u32, probes: usize) -> bool {
    let mask = slots.len() - 1;
    for step in 0..probes {
        if let Some(slot) = slots.get_mut((hash as usize).wrapping_add(step) & mask)
            && slot.entry == 0
        {
            *slot = Slot { tag: (hash >> 32) as u32, entry: number + 1 };
            return true;
        }
    }
    false
}

/// Distinct names, numbered from zero in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    table: Table,
    arena: String,
    ends: Vec<u32>,
}

impl Names {
    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a name.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        self.table.find(self.table.seed().of_name(name), |number| {
            let (start, end) = bounds(&self.ends, number);
            self.arena.as_bytes().get(start..end) == Some(name.as_bytes())
        })
    }

    /// The name of a number; empty when there is none.
    #[inline]
    pub(crate) fn name(&self, number: u32) -> &str {
        name_at(&self.arena, &self.ends, number)
    }

    /// The number of a name, added when it is new; the second says whether it was. `None` when the
    /// table's four gigabytes are full.
    pub(crate) fn intern(&mut self, name: &str) -> Option<(u32, bool)> {
        if let Some(number) = self.get(name) {
            return Some((number, false));
        }
        let end = u32::try_from(self.arena.len().checked_add(name.len())?).ok()?;
        let number = u32::try_from(self.ends.len()).ok().filter(|&number| number < u32::MAX - 1)?;
        self.arena.push_str(name);
        self.ends.push(end);
        let (arena, ends) = (&self.arena, &self.ends);
        self.table.insert(number, |seed, number| seed.of_name(name_at(arena, ends, number)));
        Some((number, true))
    }

    /// All names in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|number| self.name(number))
    }
}

#[inline]
fn bounds(ends: &[u32], number: u32) -> (usize, usize) {
    let at = number as usize;
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    (start as usize, ends.get(at).copied().unwrap_or(start) as usize)
}

fn name_at<'a>(arena: &'a str, ends: &[u32], number: u32) -> &'a str {
    let (start, end) = bounds(ends, number);
    arena.get(start..end).unwrap_or("")
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
    fn no_look_up_reads_more_slots_than_the_bound() {
        let mut slots = vec![FREE; 256];
        for number in 0..128 {
            assert!(place(&mut slots, 7, number, PROBES));
        }
        assert!(!place(&mut slots, 7, 128, PROBES));
        // Hashes that cannot fall apart make no table, however large it may get; distinct ones do.
        assert!(Table::of(5, 4, 1 << 12, |_, _| 7).is_none());
        let table =
            Table::of(5, 4, 1 << 12, |_, number| u64::from(number) << 32 | u64::from(number % 2)).unwrap();
        assert_eq!(table.find(3 << 32 | 1, |number| number == 3), Some(3));
    }

    #[test]
    fn an_insertion_past_the_bound_grows_the_table_under_a_new_seed() {
        // Hashes that collide in their low eight bits: they fall apart only in a table of more slots.
        let hash = |_: &Seed, number: u32| u64::from(number) << 8;
        let mut table = Table::default();
        for number in 0..300 {
            table.insert(number, hash);
        }
        assert!(
            (0..300)
                .all(|number| table.find(u64::from(number) << 8, |found| found == number) == Some(number))
        );
        assert!(table.slots.len() > 600);
    }
}
