//! Members by their ids, in few large pieces of memory.
//!
//! A workspace may have a million of them, and compiling one goes through all. Rows lie one beside the other, in the order in which they came, and a table
//! says which is whose: a table of the rows themselves would be half empty, and going through it would wait for memory at every step.

use std::collections::HashMap;

use portcullis_store::{Id, Member};

/// Members by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    rows: Vec<Option<Member>>,
    numbers: HashMap<Id, u32>,
    vacant: Vec<u32>,
}

impl Members {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// All of them, in an order that is the same whenever the same rows came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.rows.iter().flatten()
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Member> {
        self.rows.get(*self.numbers.get(id)? as usize)?.as_ref()
    }

    /// Puts one in, in the place of the one with the same id.
    pub(crate) fn insert(&mut self, member: Member) {
        let known = self.numbers.get(&member.id).copied();
        let number = known.or_else(|| self.vacant.pop()).unwrap_or(self.rows.len() as u32);
        if known.is_none() {
            self.numbers.insert(member.id, number);
        }
        match self.rows.get_mut(number as usize) {
            Some(row) => *row = Some(member),
            None => self.rows.push(Some(member)),
        }
    }

    pub(crate) fn remove(&mut self, id: &Id) -> Option<Member> {
        let number = self.numbers.remove(id)?;
        self.vacant.push(number);
        self.rows.get_mut(number as usize)?.take()
    }
}
