//! Members: their rows, and who has which id, which name and which role of their own.
//!
//! A workspace may have a million of them, and a server holds all that it serves. So a member is a number; rows are bytes ([`records`]), and each
//! index is numbers in the order of what the rows say ([`pieces`]): some 80 bytes a member, where rows as structs in maps took 400. Looking
//! one up waits for memory some ten times, which is nothing beside what a change waits for the disk; decisions ask the snapshot, not this.

mod column;
mod pieces;
mod records;

use std::cmp::Ordering;
use std::collections::BTreeMap;

pub(crate) use column::{Column, Number};
pub(crate) use pieces::Pieces;
use portcullis_store::{Id, Member};
pub(crate) use records::Membership;
use records::{Lies, Record, Records};

/// Members, and the indexes of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    records: Records,
    places: Column<Lies>,
    /// How many numbers were given out, those that are vacant too.
    given: usize,
    vacant: Vec<Number>,
    by_id: Pieces<Beginning>,
    by_name: Pieces<Number>,
    owners: Owners,
}

/// The first bytes of an id, which tell nearly all apart, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Beginning {
    first: u32,
    number: Number,
}

impl Members {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All of them, in an order that is the same whenever the same rows came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Membership<'_>> {
        self.places.iter().filter_map(|(number, lies)| Some(self.seen(number, self.records.read(lies)?)))
    }

    /// All of them, by their names.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = Membership<'_>> {
        self.by_name.iter().filter_map(|number| self.at(number))
    }

    /// Those whose folded names come after one, or all of them, by their names.
    pub(crate) fn after<'m>(
        &'m self,
        folded: Option<&str>,
    ) -> impl Iterator<Item = Membership<'m>> + use<'m> {
        let order = |number| {
            folded.map_or(Ordering::Greater, |folded| {
                self.folded(number).cmp(folded.as_bytes()).then(Ordering::Less)
            })
        };
        let (Ok(first) | Err(first)) = self.by_name.find(order);
        self.by_name.iter_from(first).filter_map(|number| self.at(number))
    }

    /// Those whose own role it is.
    pub(crate) fn with_role(&self, role: Id) -> impl Iterator<Item = Membership<'_>> {
        self.owners.of(role).into_iter().flat_map(Pieces::iter).filter_map(|number| self.at(number))
    }

    /// How many have it as their own role.
    pub(crate) fn count_with_role(&self, role: Id) -> usize {
        self.owners.of(role).map_or(0, Pieces::len)
    }

    /// The member of a number.
    pub(crate) fn at(&self, number: Number) -> Option<Membership<'_>> {
        Some(self.seen(number, self.record(number)?))
    }

    pub(crate) fn get(&self, id: &Id) -> Option<Membership<'_>> {
        self.at(self.number(id)?)
    }

    /// The member of that folded name.
    pub(crate) fn named(&self, folded: &str) -> Option<Membership<'_>> {
        let found = self.by_name.find(|number| self.folded(number).cmp(folded.as_bytes())).ok()?;
        self.at(self.by_name.get(found)?)
    }

    /// The number of the member with that id.
    pub(crate) fn number(&self, id: &Id) -> Option<Number> {
        let found = self.by_id.find(|other| self.order_by_id(other, id)).ok()?;
        self.by_id.get(found).map(|found| found.number)
    }

    /// Puts one in, in the place of the one with the same id; gives its number, which there is unless all are given out.
    pub(crate) fn put(&mut self, member: &Member) -> Option<Number> {
        let known = self.number(&member.id);
        let is_renamed = known.is_none_or(|number| self.folded(number) != member.folded.as_bytes());
        if let Some(number) = known.filter(|_| is_renamed) {
            self.forget_name(number);
        }
        let number = self.put_unnamed(member)?;
        if is_renamed && let Err(spot) = self.by_name.find(|other| self.order_by_name(other, number)) {
            self.by_name.insert(spot, number);
        }
        Some(number)
    }

    /// Puts one in, all but the name: for who puts in many, and then [names all](Self::name_all).
    pub(crate) fn put_unnamed(&mut self, member: &Member) -> Option<Number> {
        let spot = self.by_id.find(|other| self.order_by_id(other, &member.id));
        let number = match spot {
            Ok(spot) => self.by_id.get(spot)?.number,
            Err(spot) => {
                let number = self.next_number()?;
                self.by_id.insert(spot, Beginning { first: first_of(&member.id), number });
                number
            }
        };
        let before = self.places.get(number);
        let role_before = self.records.read(before).map(Record::role);
        let role = self.owners.enter(member.role, number);
        if let Some(other) = role_before.filter(|other| *other != role) {
            self.owners.leave(other, number);
        }
        self.places.set(number, self.records.write(member, role));
        self.forget(before);
        Some(number)
    }

    /// Enters the names of all anew. A million are sorted in a fraction of the time in which each would find its place.
    pub(crate) fn name_all(&mut self) {
        let numbers = self.places.iter().map(|(number, _)| number);
        let named = numbers.filter_map(|number| Some((beginning(self.record(number)?.folded()), number)));
        let mut named: Vec<([u8; 16], Number)> = named.collect();
        named.sort_unstable_by(|one, other| {
            one.0.cmp(&other.0).then_with(|| {
                let names = self.folded(one.1).cmp(self.folded(other.1));
                names.then_with(|| one.1.cmp(&other.1))
            })
        });
        self.by_name = Pieces::of_ordered(named.into_iter().map(|(_, number)| number));
    }

    /// Takes one out; whether it was there.
    pub(crate) fn remove(&mut self, id: &Id) -> bool {
        let Ok(spot) = self.by_id.find(|other| self.order_by_id(other, id)) else { return false };
        let Some(number) = self.by_id.get(spot).map(|found| found.number) else { return false };
        self.forget_name(number);
        self.by_id.remove(spot);
        let lies = self.places.get(number);
        if let Some(role) = self.records.read(lies).map(Record::role) {
            self.owners.leave(role, number);
        }
        self.places.set(number, Lies::default());
        self.vacant.push(number);
        self.forget(lies);
        true
    }

    fn next_number(&mut self) -> Option<Number> {
        self.vacant.pop().or_else(|| {
            let number = Number::of(self.given)?;
            self.given += 1;
            Some(number)
        })
    }

    /// Makes garbage of a row, and puts the rows elsewhere that are left in a chunk of too much garbage.
    fn forget(&mut self, lies: Lies) {
        if let Some((emptied, chunk)) = self.records.forget(lies) {
            for place in self.places.values_mut().filter(|place| place.is_in(emptied)) {
                *place = self.records.rescue(&chunk, *place);
            }
        }
    }

    fn forget_name(&mut self, number: Number) {
        if let Ok(spot) = self.by_name.find(|other| self.order_by_name(other, number)) {
            self.by_name.remove(spot);
        }
    }

    fn record(&self, number: Number) -> Option<Record<'_>> {
        self.records.read(self.places.get(number))
    }

    fn seen<'m>(&self, number: Number, record: Record<'m>) -> Membership<'m> {
        record.seen(number, |role| self.owners.role(role))
    }

    fn folded(&self, number: Number) -> &[u8] {
        self.record(number).map(Record::folded).unwrap_or_default()
    }

    fn order_by_name(&self, one: Number, other: Number) -> Ordering {
        self.folded(one).cmp(self.folded(other)).then_with(|| one.cmp(&other))
    }

    fn order_by_id(&self, one: Beginning, id: &Id) -> Ordering {
        one.first.cmp(&first_of(id)).then_with(|| self.record(one.number).map(Record::id).cmp(&Some(*id)))
    }
}

/// The first bytes of an id, ordered as ids are.
fn first_of(id: &Id) -> u32 {
    let [one, two, three, four, ..] = id.to_bytes();
    u32::from_be_bytes([one, two, three, four])
}

/// The first bytes of a name, ordered as names are.
fn beginning(name: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name).for_each(|(byte, letter)| *byte = *letter);
    bytes
}

/// Whose own role is which. A role has a number while there is somebody with it.
#[derive(Clone, Debug, Default)]
struct Owners {
    numbers: BTreeMap<Id, u32>,
    roles: Vec<(Option<Id>, Pieces<Number>)>,
    vacant: Vec<u32>,
}

impl Owners {
    /// The id of a role's number.
    fn role(&self, role: u32) -> Id {
        self.roles.get(role as usize).and_then(|(id, _)| *id).unwrap_or(Id::NIL)
    }

    fn of(&self, role: Id) -> Option<&Pieces<Number>> {
        let number = *self.numbers.get(&role)?;
        self.roles.get(number as usize).map(|(_, members)| members)
    }

    /// Somebody has the role as their own; gives its number.
    fn enter(&mut self, role: Id, member: Number) -> u32 {
        let number = self.numbers.get(&role).copied().unwrap_or_else(|| {
            let number = self.vacant.pop().unwrap_or_else(|| {
                self.roles.push((None, Pieces::default()));
                // There are no more roles here than members.
                self.roles.len() as u32 - 1
            });
            self.numbers.insert(role, number);
            number
        });
        if let Some((id, members)) = self.roles.get_mut(number as usize) {
            *id = Some(role);
            members.enter(member);
        }
        number
    }

    /// Somebody has the role as their own no more.
    fn leave(&mut self, role: u32, member: Number) {
        let Some((id, members)) = self.roles.get_mut(role as usize) else { return };
        members.leave(member);
        if members.is_empty()
            && let Some(id) = id.take()
        {
            self.numbers.remove(&id);
            self.vacant.push(role);
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
