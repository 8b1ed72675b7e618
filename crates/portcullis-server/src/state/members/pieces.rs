//! What is kept in order, in pieces: a list that is cut into vectors of a few hundred entries each.
//!
//! A tree of nodes would take three times the memory for entries as small as these, and a single vector would move a million of them to let one in. The
//! order is whoever asks's to know: entries are numbers, and what they are ordered by lies elsewhere, so that every search brings its own comparison.

use std::cmp::Ordering;

/// How many entries a piece has at most. A full one is cut in two, unless what comes is the last of all.
const PIECE: usize = 512;

/// Entries in order.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<T> {
    /// None is empty.
    pieces: Vec<Vec<T>>,
    count: usize,
}

/// Where an entry is, or would have to be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    piece: usize,
    at: usize,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Pieces { pieces: Vec::new(), count: 0 }
    }
}

impl<T: Copy> Pieces<T> {
    /// Of what is in order already.
    pub(crate) fn of_ordered(entries: impl IntoIterator<Item = T>) -> Pieces<T> {
        let mut pieces = Pieces::default();
        for entry in entries {
            pieces.push(entry);
        }
        pieces
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + Clone {
        self.pieces.iter().flatten().copied()
    }

    /// Those from a spot on, in order.
    pub(crate) fn iter_from(&self, from: Spot) -> impl Iterator<Item = T> {
        let first = self.pieces.get(from.piece).and_then(|piece| piece.get(from.at..)).unwrap_or_default();
        let later = self.pieces.get(from.piece + 1..).unwrap_or_default();
        first.iter().chain(later.iter().flatten()).copied()
    }

    /// How many bytes they take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let entries: usize = self.pieces.iter().map(Vec::capacity).sum();
        entries * size_of::<T>() + self.pieces.capacity() * size_of::<Vec<T>>()
    }

    pub(crate) fn get(&self, spot: Spot) -> Option<T> {
        self.pieces.get(spot.piece)?.get(spot.at).copied()
    }

    /// Looks for the entry that is neither before nor after what is sought, and else for the spot where it would be. `order` says how an entry
    /// stands to that; whoever never finds them equal gets the spot of the first that comes after.
    pub(crate) fn find(&self, order: impl Fn(T) -> Ordering) -> Result<Spot, Spot> {
        let begins_after = |piece: &Vec<T>| piece.first().is_none_or(|first| order(*first).is_gt());
        let piece = self.pieces.partition_point(|piece| !begins_after(piece)).saturating_sub(1);
        let entries = self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
        let found = entries.binary_search_by(|entry| order(*entry));
        found.map(|at| Spot { piece, at }).map_err(|at| Spot { piece, at })
    }

    /// Puts an entry in at a spot that [`find`](Self::find) gave.
    pub(crate) fn insert(&mut self, spot: Spot, entry: T) {
        let Spot { piece, at } = spot;
        let is_last = piece + 1 >= self.pieces.len();
        let Some(entries) = self.pieces.get_mut(piece) else { return self.push(entry) };
        if is_last && at == entries.len() {
            return self.push(entry);
        }
        self.count += 1;
        if entries.len() < PIECE {
            entries.insert(at, entry);
            return;
        }
        let mut rest = entries.split_off(PIECE / 2);
        entries.shrink_to_fit();
        match at.checked_sub(entries.len()) {
            Some(at) => rest.insert(at, entry),
            None => entries.insert(at, entry),
        }
        self.pieces.insert(piece + 1, rest);
    }

    /// Puts an entry behind all others.
    fn push(&mut self, entry: T) {
        self.count += 1;
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(entry),
            // Whoever filled one piece is about to fill another; a first one may stay small.
            Some(_) => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.pieces.push(piece);
            }
            None => self.pieces.push(vec![entry]),
        }
    }

    /// Takes out the entry at a spot. A piece that is left with few joins a neighbour that has few.
    pub(crate) fn remove(&mut self, spot: Spot) {
        let Some(entries) = self.pieces.get_mut(spot.piece).filter(|entries| spot.at < entries.len()) else {
            return;
        };
        entries.remove(spot.at);
        self.count -= 1;
        if entries.is_empty() {
            self.pieces.remove(spot.piece);
            return;
        }
        let few = |piece: usize| match self.pieces.get(piece..=piece + 1) {
            Some([one, other]) => one.len() + other.len() <= PIECE / 2,
            _ => false,
        };
        let first = [Some(spot.piece), spot.piece.checked_sub(1)].into_iter().flatten().find(|at| few(*at));
        if let Some(first) = first {
            let second = self.pieces.remove(first + 1);
            if let Some(entries) = self.pieces.get_mut(first) {
                entries.extend(second);
                entries.shrink_to_fit();
            }
        }
    }
}

/// Entries that are ordered by themselves.
impl<T: Copy + Ord> Pieces<T> {
    pub(crate) fn contains(&self, entry: T) -> bool {
        self.find(|other| other.cmp(&entry)).is_ok()
    }

    /// Puts an entry in, if it is not there.
    pub(crate) fn enter(&mut self, entry: T) {
        if let Err(spot) = self.find(|other| other.cmp(&entry)) {
            self.insert(spot, entry);
        }
    }

    /// Takes an entry out, if it is there.
    pub(crate) fn leave(&mut self, entry: T) {
        if let Ok(spot) = self.find(|other| other.cmp(&entry)) {
            self.remove(spot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portcullis_testkit::generate::Prng;

    use super::*;

    fn validate(pieces: &Pieces<u32>) {
        let sizes: Vec<usize> = pieces.pieces.iter().map(Vec::len).collect();
        assert!(sizes.iter().all(|size| (1..=PIECE).contains(size)), "{sizes:?}");
        assert!(sizes.windows(2).all(|two| two[0] + two[1] > PIECE / 2), "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), pieces.len());
    }

    #[test]
    fn entries_are_those_of_a_set_whatever_comes_and_goes() {
        let mut prng = Prng::new(0x71ec_e500);
        // Upwards, downwards, at random; then many leave.
        let orders: [fn(&mut Prng, u32) -> u32; 3] =
            [|_, step| step, |_, step| 9_000 - step, |prng, _| prng.below(20_000) as u32];
        for order in orders {
            let (mut pieces, mut model) = (Pieces::default(), BTreeSet::new());
            for step in 0..9_000 {
                let entry = order(&mut prng, step);
                pieces.enter(entry);
                model.insert(entry);
            }
            validate(&pieces);
            assert!(pieces.iter().eq(model.iter().copied()));
            for _ in 0..30_000 {
                let entry = prng.below(20_000) as u32;
                if prng.below(4) == 0 {
                    pieces.enter(entry);
                    model.insert(entry);
                } else {
                    assert_eq!(pieces.contains(entry), model.contains(&entry));
                    pieces.leave(entry);
                    model.remove(&entry);
                }
            }
            validate(&pieces);
            assert!(pieces.iter().eq(model.iter().copied()));
            for from in (0..20_000).step_by(97) {
                // Never equal: the first that comes after.
                let spot =
                    pieces.find(|entry| if entry <= from { Ordering::Less } else { Ordering::Greater });
                let spot = spot.unwrap_err();
                assert!(pieces.iter_from(spot).eq(model.range(from + 1..).copied()));
                assert_eq!(pieces.iter_from(spot).next(), model.range(from + 1..).next().copied());
            }
            for entry in model {
                pieces.leave(entry);
            }
            assert!(pieces.is_empty() && pieces.pieces.is_empty() && pieces.iter().next().is_none());
        }
    }

    #[test]
    fn what_comes_in_order_fills_pieces() {
        let pieces = Pieces::of_ordered(0..10_000_u32);
        assert_eq!(pieces.pieces.len(), 10_000_usize.div_ceil(PIECE));
        assert!(pieces.pieces.iter().skip(1).all(|piece| piece.capacity() == PIECE));
        assert!(pieces.iter().eq(0..10_000));
    }
}
