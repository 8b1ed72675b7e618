//! A value for each number, in blocks.
//!
//! Numbers are dense, so that a place in a vector is all the key that a value needs. But a single vector of a million is copied whole when it grows, which
//! would make one edit out of many wait, and leave twice the memory behind.

/// How many values a block has.
const BLOCK: usize = 4096;

/// The number of a member in one workspace, while it is there: others may have it later. There are as many as members were at once, which
/// is far from what 32 bits can say: compiling holds the bound on members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(u32);

impl Number {
    /// The number of a place; none where there are too many.
    pub(in crate::state) fn of(place: usize) -> Option<Number> {
        u32::try_from(place).ok().map(Number)
    }

    const fn place(self) -> usize {
        self.0 as usize
    }
}

/// A value for each number; the default where none was set.
#[derive(Clone, Debug)]
pub(crate) struct Column<T> {
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column { blocks: Vec::new() }
    }
}

impl<T: Copy + Default> Column<T> {
    pub(crate) fn get(&self, number: Number) -> T {
        let block = self.blocks.get(number.place() / BLOCK);
        block.and_then(|block| block.get(number.place() % BLOCK)).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, number: Number, value: T) {
        let (block, at) = (number.place() / BLOCK, number.place() % BLOCK);
        if self.blocks.len() <= block {
            self.blocks.resize_with(block + 1, Vec::new);
        }
        let Some(values) = self.blocks.get_mut(block) else { return };
        if values.len() <= at {
            // The first block may stay small; where there are several, each is filled.
            if block > 0 && values.capacity() == 0 {
                values.reserve_exact(BLOCK);
            }
            values.resize(at + 1, T::default());
        }
        if let Some(place) = values.get_mut(at) {
            *place = value;
        }
    }

    /// How many bytes they take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.blocks.iter().map(Vec::capacity).sum();
        values * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }

    /// Every number for which a value can have been set, with its value, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Number, T)> {
        self.blocks.iter().enumerate().flat_map(|(block, values)| {
            let place = block * BLOCK;
            values.iter().enumerate().filter_map(move |(at, value)| Some((Number::of(place + at)?, *value)))
        })
    }

    /// The same, each to be changed.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.blocks.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_there_and_the_rest_is_the_default() {
        let number = |place| Number::of(place).unwrap();
        let mut column = Column::default();
        assert_eq!((column.get(number(5)), column.iter().count()), (0, 0));
        for place in [3 * BLOCK + 7, 0, BLOCK - 1, BLOCK, 5] {
            column.set(number(place), place + 1);
        }
        column.set(number(5), 60);
        for (place, value) in
            [(0, 1), (4, 0), (5, 60), (BLOCK - 1, BLOCK), (BLOCK, BLOCK + 1), (2 * BLOCK, 0), (9 * BLOCK, 0)]
        {
            assert_eq!(column.get(number(place)), value, "{place}");
        }
        assert_eq!(column.get(number(3 * BLOCK + 7)), 3 * BLOCK + 8);
        assert!(column.iter().all(|(number, value)| value == column.get(number)));
        assert!(column.iter().map(|(number, _)| number).is_sorted());
        column.values_mut().for_each(|value| *value = 9);
        assert_eq!(column.get(number(BLOCK)), 9);
        assert_eq!(Number::of(u32::MAX as usize + 1), None);
    }
}
