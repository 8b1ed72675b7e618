//! Names numbered from zero in the order in which they came: what schemas and roles need.
//!
//! A thin owner of the table that keeps each number's hash and gives the next number to the next name.

use super::{NOBODY, Names};

/// Distinct names in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbered {
    names: Names,
    /// The hash of each name, by number.
    hashes: Vec<u32>,
}

impl Numbered {
    #[cfg(test)]
    pub(super) fn seeded(seed: super::Seed) -> Self {
        Numbered { names: Names::seeded(seed), hashes: Vec::new() }
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The number of a name.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        self.names.get(name)
    }

    /// The name of a number; empty when there is none.
    pub(crate) fn name(&self, number: u32) -> &str {
        let hash = self.hashes.get(number as usize);
        hash.and_then(|&hash| self.names.name(hash, number)).unwrap_or("")
    }

    /// The number of a name, added when it is new; the second says whether it was. `None` when there is no number left.
    pub(crate) fn intern(&mut self, name: &str) -> Option<(u32, bool)> {
        let number = u32::try_from(self.hashes.len()).ok().filter(|&number| number < NOBODY)?;
        match self.names.insert(name, number) {
            Err(taken) => Some((taken.0, false)),
            Ok(inserted) => {
                self.hashes.push(inserted.hash);
                if inserted.reseeded {
                    for (number, hash) in self.names.hashes() {
                        if let Some(kept) = self.hashes.get_mut(number as usize) {
                            *kept = hash;
                        }
                    }
                }
                Some((number, true))
            }
        }
    }

    /// All names in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.hashes.len() as u32).map(|number| self.name(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_in_the_order_in_which_they_come() {
        let mut names = Numbered::default();
        // Composed and decomposed é, a prefix, a case: four different names.
        for (number, name) in ["é", "e\u{301}", "e", "E"].into_iter().enumerate() {
            assert_eq!(names.intern(name), Some((number as u32, true)));
        }
        assert_eq!(names.intern("e"), Some((2, false)));
        assert_eq!(names.get("f"), None);
        assert_eq!(names.get(""), None);
        assert_eq!(names.len(), 4);
        assert_eq!(names.name(3), "E");
        assert_eq!(names.name(4), "");
        assert_eq!(names.iter().collect::<Vec<_>>(), ["é", "e\u{301}", "e", "E"]);
    }
}
