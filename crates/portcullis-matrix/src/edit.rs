//! Editing a matrix: what changes and what goes away.
//!
//! The cost of an edit follows from what it touches. A subject that changes its roles touches one number, two
//! counts, and the rows of the sets that come and go. A role that changes touches the rows of the sets
//! that hold it, and no subject, however many there are. Those sets are known ([`Holders`]), and the rows of each
//! chunk are written on their own ([`Patch`]), by as many threads as the caller has.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::Table as Full;
use crate::holders::Holders;
use crate::pages::MOST_PAGES;
use crate::persistent::{Lists, Part, Table};
use crate::role_words::RoleWords;
use crate::rows::{Page, Rows, SETS, WORDS, settle, unite};
use crate::word::BLOCK_WORDS;
use crate::{BuildError, Matrix, MatrixBuilder, RoleId, RolePlanes, SetId, SubjectId};

impl MatrixBuilder {
    /// Takes up a matrix again, to change it. What edits need is found again from the matrix, in time
    /// proportional to its sets; the matrix itself is shared until something changes.
    #[must_use]
    pub fn resume(matrix: Matrix, seed: u64) -> Self {
        let mut builder = Self::around(matrix, seed);
        let roles: Vec<Option<Arc<RolePlanes>>> = builder.matrix.roles.iter().cloned().collect();
        let flat = !matches!(builder.matrix.rows, Rows::Paged { .. });
        for (role, planes) in (0..).map(RoleId).zip(&roles) {
            match planes {
                None => builder.vacant_roles.push(role),
                Some(planes) if flat => builder.words.put(role, planes),
                Some(_) => {}
            }
        }
        let sets = &builder.matrix.sets;
        for set in
            (0..).map(SetId).zip(sets.iter()).filter(|(_, roles)| !roles.is_empty()).map(|(set, _)| set)
        {
            builder.sets.insert(sets, set.0);
        }
        builder.holders = Some(Holders::of(sets));
        for set in (2..builder.matrix.rows.len() as u32).map(SetId) {
            if builder.matrix.sets.get(set.0).is_empty() {
                builder.vacant_sets.push(set);
            }
        }
        if let Rows::Paged { leaves, pages } = &builder.matrix.rows {
            builder.pages.resume(leaves, pages);
        }
        builder
    }

    /// Gives a subject another set of roles.
    ///
    /// # Errors
    ///
    /// When there is no such subject, or a role was not added before, or there is no id left.
    pub fn assign(&mut self, subject: SubjectId, roles: &[RoleId]) -> Result<(), BuildError> {
        self.knows(subject)?;
        let set = self.add_set(roles)?;
        self.hold(subject, set);
        Ok(())
    }

    /// Denies a subject everything until it is assigned roles again.
    ///
    /// # Errors
    ///
    /// When there is no such subject.
    pub fn suspend(&mut self, subject: SubjectId) -> Result<(), BuildError> {
        self.knows(subject)?;
        self.hold(subject, SetId::SUSPENDED);
        Ok(())
    }

    /// Removes a subject: its id denies everything, and is never given to somebody else.
    ///
    /// # Errors
    ///
    /// When there is no such subject.
    pub fn vacate(&mut self, subject: SubjectId) -> Result<(), BuildError> {
        self.knows(subject)?;
        self.hold(subject, SetId::EMPTY);
        Ok(())
    }

    fn knows(&self, subject: SubjectId) -> Result<(), BuildError> {
        let subjects = self.matrix.subjects();
        let known = subject != SubjectId::UNKNOWN && subject.0 < subjects;
        if known { Ok(()) } else { Err(BuildError::UnknownSubject { subject, subjects }) }
    }

    fn hold(&mut self, subject: SubjectId, set: SetId) {
        let old = self.matrix.set_of(subject);
        if old == set {
            return;
        }
        self.matrix.subject_sets.set(subject.0, set.0);
        self.count(set, 1);
        if self.count(old, -1) == 0 && old.0 > SetId::SUSPENDED.0 {
            self.forget(old);
        }
    }

    /// Frees a set that nobody holds any more.
    fn forget(&mut self, set: SetId) {
        let roles = self.matrix.sets.get(set.0);
        self.sets.remove(&self.matrix.sets, roles);
        self.matrix.sets.set(set.0, &[]);
        match &mut self.matrix.rows {
            Rows::Flat { granted, open } => {
                granted.entry_mut(set.index()).fill(0);
                open.entry_mut(set.index()).fill(0);
            }
            Rows::Paged { leaves, pages } => {
                for leaf in leaves.entry_mut(set.index()) {
                    self.pages.release(pages, *leaf, &mut self.matrix.free.pages);
                    *leaf = 0;
                }
            }
        }
        self.vacant_sets.push(set);
        self.matrix.free.sets += 1;
    }

    /// Gives a role other planes, and settles the rows of all sets that hold it.
    ///
    /// # Errors
    ///
    /// When there is no such role, when a plane is not as wide as the schema, or when there might not be ids
    /// enough for new pages.
    pub fn replace_role(
        &mut self,
        role: RoleId,
        planes: impl Into<Arc<RolePlanes>>,
    ) -> Result<(), BuildError> {
        self.replace_role_with(role, planes, |patches| patches.iter_mut().for_each(Patch::apply))
    }

    /// The same, with the work in the hands of the caller: `run` must [`apply`](Patch::apply) every patch, in any
    /// order, on any threads. Wide schemas bring no patches; their rows share pages and are settled here.
    ///
    /// # Errors
    ///
    /// As [`replace_role`](Self::replace_role).
    pub fn replace_role_with(
        &mut self,
        role: RoleId,
        planes: impl Into<Arc<RolePlanes>>,
        run: impl FnOnce(&mut [Patch<'_>]),
    ) -> Result<(), BuildError> {
        let planes = planes.into();
        self.fits(&planes)?;
        let old = self.matrix.roles.get(role.index()).cloned().flatten();
        let Some(old) = old else {
            return Err(BuildError::UnknownRole { role, roles: self.matrix.roles() });
        };
        let blocks: Vec<usize> = (0..self.matrix.words().div_ceil(BLOCK_WORDS))
            .filter(|block| {
                let mut pairs = old.planes().into_iter().zip(planes.planes());
                pairs.any(|(old, new)| {
                    (0..BLOCK_WORDS).any(|at| {
                        let at = block * BLOCK_WORDS + at;
                        old.word(at) != new.word(at)
                    })
                })
            })
            .collect();
        if let Rows::Paged { leaves, pages } = &self.matrix.rows
            && pages.len() + leaves.len() * blocks.len() > MOST_PAGES
        {
            return Err(BuildError::Full(Full::Pages));
        }
        self.put(role, planes);
        if blocks.is_empty() {
            return Ok(());
        }
        let sets = &self.matrix.sets;
        let held = self.holders.get_or_insert_with(|| Holders::of(sets)).of_role(role, sets);
        match &mut self.matrix.rows {
            Rows::Flat { granted, open } => {
                let mut earlier = None;
                if held.len() >= WIDE {
                    // They share everything with the rows for now, and come to have what the rows have given up.
                    let [old, _] = self.earlier.get_or_insert_with(|| [granted.clone(), open.clone()]);
                    if old.len() < granted.len() - granted.len() / 8 {
                        *old = granted.clone();
                    }
                    earlier = self.earlier.as_mut();
                }
                run(&mut patches(granted, open, earlier, Change { held, sets, words: &self.words }));
            }
            Rows::Paged { leaves, pages } => {
                for set in held {
                    let (roles, row) = (sets.get(*set), leaves.entry_mut(*set as usize));
                    if !roles.contains(&role) {
                        continue;
                    }
                    for block in &blocks {
                        let page = Page(unite(&self.matrix.roles, roles, *block));
                        let new = self.pages.acquire(pages, page, &mut self.matrix.free.pages);
                        if let Some(leaf) = row.get_mut(*block) {
                            self.pages.release(pages, *leaf, &mut self.matrix.free.pages);
                            *leaf = new;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes a role that no subject holds.
    ///
    /// # Errors
    ///
    /// When there is no such role, or somebody holds it.
    pub fn remove_role(&mut self, role: RoleId) -> Result<(), BuildError> {
        if self.matrix.role(role).is_none() {
            return Err(BuildError::UnknownRole { role, roles: self.matrix.roles() });
        }
        let sets = &self.matrix.sets;
        let holders = self.holders.get_or_insert_with(|| Holders::of(sets));
        if holders.holds(role, sets) {
            return Err(BuildError::RoleHeld { role });
        }
        holders.forget(role);
        self.put(role, Arc::new(RolePlanes::new(self.matrix.permissions)));
        self.matrix.roles.entry_mut(role.index()).fill(None);
        self.vacant_roles.push(role);
        self.matrix.free.roles += 1;
        Ok(())
    }

    /// Bytes of heap, those of the matrix included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let holders = self.holders.as_ref().map_or(0, Holders::bytes);
        self.matrix.bytes()
            + self.sets.bytes()
            + self.pages.index.bytes()
            + (self.pages.uses.capacity() + self.vacant_sets.capacity()) * size_of::<u32>()
            + self.words.bytes()
            + self.earlier.iter().flatten().map(Table::bytes).sum::<usize>()
            + holders
    }
}

/// A role that so many sets hold leaves the rows that it replaced for the next such edit to write over, once nobody reads
/// them: as much memory again as the rows take, and only where roles like that are edited.
const WIDE: usize = 16_384;

/// What a changed role changes where rows are flat.
struct Change<'m> {
    /// Sets of which nearly all hold the role, ascending.
    held: &'m [u32],
    sets: &'m Lists<RoleId, SETS>,
    words: &'m RoleWords,
}

/// The rows in parts that do not touch each other; no part in which nothing is held.
fn patches<'m>(
    granted: &'m mut Table<u64, WORDS>,
    open: &'m mut Table<u64, WORDS>,
    earlier: Option<&'m mut [Table<u64, WORDS>; 2]>,
    change: Change<'m>,
) -> Vec<Patch<'m>> {
    let Change { held: mut rest, sets, words } = change;
    let (part, width) = (granted.part(), granted.stride());
    let (old_granted, old_open) = earlier.map(|[granted, open]| (granted, open)).unzip();
    let mut opens = open.parts_mut(old_open).into_iter();
    let mut patches = Vec::new();
    for (first, granted) in (0..).step_by(part).zip(granted.parts_mut(old_granted)) {
        let open = opens.next();
        // A part has no more sets than rows, so that there is no need to search all of them.
        let near = rest.get(..part).unwrap_or(rest);
        let end = near.partition_point(|set| (*set as usize) < first + part);
        let (held, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = behind;
        if !held.is_empty() {
            patches.push(Patch { first, part, width, held, granted, open, sets, words });
        }
    }
    patches
}

/// A part of what a changed role changes: the rows of some sets, to be settled anew.
///
/// Patches do not touch each other, and may be applied in any order and by several threads.
#[derive(Debug)]
pub struct Patch<'m> {
    /// The first set of those whose rows these are, and how many they are at most.
    first: usize,
    part: usize,
    /// Words of a row.
    width: usize,
    /// Sets of those whose rows these are, of which nearly all hold the role.
    held: &'m [u32],
    granted: Part<'m, u64, WORDS>,
    open: Option<Part<'m, u64, WORDS>>,
    sets: &'m Lists<RoleId, SETS>,
    words: &'m RoleWords,
}

impl Patch<'_> {
    /// Settles the rows.
    pub fn apply(&mut self) {
        let sets = self.sets.run(self.first, self.part);
        if self.held.len() * 16 >= self.part {
            // Most lines of their roles will be read, in no order that the processor foresees.
            sets.fetch(|role| role.0);
        }
        let granted = self.granted.items();
        let open = self.open.as_mut().map_or(&mut [][..], Part::items);
        let stride = self.width.next_power_of_two();
        for set in self.held {
            // Some sets no longer hold the role; their rows come to what they are, or to nothing when nobody has them.
            let at = *set as usize - self.first;
            let row = at * stride..at * stride + self.width;
            if let Some(granted) = granted.get_mut(row.clone()) {
                settle(granted, open.get_mut(row).unwrap_or(&mut []), self.words, sets.get(at));
            }
        }
    }
}
