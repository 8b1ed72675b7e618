//! Where the pairs of a schema lie: a perfect hash, found once by trying.
//!
//! Hashes fall into small buckets. For each bucket, largest first, multipliers are tried until one sends its hashes to places
//! that are all free; the multipliers are kept. So every hash has one place, no two have the same, and a look-up is two
//! multiplications and two loads, whatever is asked and however many pairs there are. Nothing here compares: a hash that was
//! not placed has a place too, and whoever owns what lies there tells it apart.

/// Hashes of a bucket in the mean, at most.
const MEAN: usize = 4;

/// Of so many places one stays free, so that the last buckets find some.
const SPARE: usize = 8;

/// How many multipliers are tried for a bucket. When one place in nine is free, a bucket of one hash finds it by then but
/// for once in 10^50.
const TRIES: u32 = 1_024;

/// From hashes to places.
#[derive(Clone, Debug, Default)]
pub(super) struct Placement {
    /// As many as a power of two.
    multipliers: Box<[u32]>,
    places: u32,
}

impl Placement {
    /// Places for hashes, with that of each; `None` when no multipliers are found: hashes are equal.
    pub(super) fn of(hashes: &[u64]) -> Option<(Placement, Vec<u32>)> {
        let places = u32::try_from(hashes.len() + hashes.len() / SPARE + 1).ok()?;
        let buckets = (hashes.len() / MEAN + 1).next_power_of_two();
        let mut placement = Placement { multipliers: vec![1; buckets].into(), places };
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); buckets];
        for (number, &hash) in (0..).zip(hashes) {
            members.get_mut(placement.bucket(hash))?.push(number);
        }
        let mut order: Vec<usize> = (0..buckets).collect();
        order.sort_by_key(|&bucket| std::cmp::Reverse(members.get(bucket).map_or(0, Vec::len)));
        let mut taken = vec![false; places as usize];
        let mut found = vec![0; hashes.len()];
        let mut sought = Vec::new();
        for bucket in order {
            let members = members.get(bucket)?;
            let multiplier =
                (1..=TRIES).map(|number| number.wrapping_mul(0x9E37_79B9) | 1).find(|&multiplier| {
                    sought.clear();
                    sought.extend(members.iter().filter_map(|&number| {
                        Some(place(*hashes.get(number as usize)?, multiplier, places))
                    }));
                    let is_free = |place: &usize| taken.get(*place) == Some(&false);
                    let mut later = sought.iter().enumerate();
                    later.all(|(at, place)| {
                        is_free(place) && sought.iter().skip(at + 1).all(|other| other != place)
                    })
                })?;
            *placement.multipliers.get_mut(bucket)? = multiplier;
            for (&number, &place) in members.iter().zip(&sought) {
                *taken.get_mut(place)? = true;
                *found.get_mut(number as usize)? = place as u32;
            }
        }
        Some((placement, found))
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.places as usize
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        hash as usize & self.multipliers.len().wrapping_sub(1)
    }

    /// The only place where what has this hash can lie.
    #[inline]
    pub(super) fn of_hash(&self, hash: u64) -> usize {
        place(hash, self.multipliers.get(self.bucket(hash)).copied().unwrap_or(0), self.places)
    }
}

/// The upper half of a hash, multiplied and scaled to the places.
#[inline]
fn place(hash: u64, multiplier: u32, places: u32) -> usize {
    let mixed = ((hash >> 32) as u32).wrapping_mul(multiplier);
    ((u64::from(mixed) * u64::from(places)) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::fold;

    #[test]
    fn every_hash_has_a_place_of_its_own() {
        for count in [0, 1, 2, 3, 10, 500, 30_000_u64] {
            let hashes: Vec<u64> =
                (1..=count).map(|number| fold(number.wrapping_mul(0x5851_F42D_4C95_7F2D), !number)).collect();
            let (placement, places) = Placement::of(&hashes).unwrap();
            assert!(places.iter().all(|&place| (place as usize) < placement.len()));
            assert!(
                hashes.iter().zip(&places).all(|(&hash, &place)| placement.of_hash(hash) == place as usize)
            );
            let distinct: std::collections::BTreeSet<_> = places.iter().collect();
            assert_eq!(distinct.len(), hashes.len());
            assert!(placement.len() <= hashes.len() * 9 / 8 + 1);
        }
    }

    #[test]
    fn equal_hashes_have_no_places() {
        assert!(Placement::of(&[7, 8, 7]).is_none());
        // Equal in what is multiplied, and in one bucket.
        assert!(Placement::of(&[1 << 40, 1 << 40 | 16]).is_none());
    }
}
