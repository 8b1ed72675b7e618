//! A workspace that lives: people come, go, change roles and groups, and roles are rewritten, out of a seed.
//!
//! Every edit is made in plain lists, and in a writer when there is one. So the same life can be led twice, once edit by
//! edit and once by compiling what it came to, and the two be compared: what they weigh, above all. The number of
//! members, groups and roles stays about the same, so that what grows is what edits leave behind. No edit fails.

use std::collections::VecDeque;
use std::sync::Arc;

use portcullis::{Document, Group, Member, Report, Schema, Source, Workspace, Writer};
use serde_json::Value;

use crate::generate::{self, Prng};
use crate::reference::{Unusable, Vocabulary, hightouch_schema};

/// Roles that come and go, at most.
const PASSING: usize = 40;

#[derive(Clone, Debug)]
struct Person {
    /// The index of a role that stays.
    role: usize,
    suspended: bool,
    /// Numbers of groups.
    groups: Vec<usize>,
}

/// A workspace in plain lists.
#[derive(Debug)]
pub struct Churn {
    prng: Prng,
    schema: Schema,
    documents: Vec<Arc<Document>>,
    /// The document of each role that stays.
    roles: Vec<usize>,
    /// Roles that stay until they are removed again, which nobody has: number and document.
    passing: VecDeque<(usize, usize)>,
    /// Roles that there ever were, those that stay left out.
    passed: usize,
    /// Roles of each group by number; nothing for one that was removed.
    groups: Vec<Option<[usize; 2]>>,
    /// Everybody there ever was by number; nothing for who was removed.
    people: Vec<Option<Person>>,
    /// Numbers of people who are there.
    there: Vec<usize>,
}

fn role(number: usize) -> String {
    format!("role {number:05}")
}

fn group(number: usize) -> String {
    format!("group {number:05}")
}

/// A member's id, of 23 bytes.
fn id(number: usize) -> String {
    format!("user{number:07}@acme.example")
}

impl Churn {
    /// A workspace under the built-in schema. `roles` and `groups` are at least one.
    ///
    /// # Errors
    /// Never in a sound build: what was made is not read.
    pub fn new(seed: u64, roles: usize, groups: usize, members: usize) -> Result<Self, Unusable> {
        let mut prng = Prng::new(seed);
        let vocabulary: Vocabulary = serde_json::from_value(hightouch_schema())?;
        let told = |report: Report| Unusable::from(<serde_json::Error as serde::de::Error>::custom(report));
        let schema = Schema::hightouch().map_err(told)?;
        let mut documents = Vec::new();
        for _ in 0..200 {
            let text: Value = generate::policy(&mut prng, &vocabulary, 5)?;
            let (document, _) = Document::read(&Source::new("role.json", text.to_string())).map_err(told)?;
            documents.push(Arc::new(document));
        }
        let (roles, groups) = (roles.max(1), groups.max(1));
        let mut churn = Churn {
            roles: (0..roles).map(|_| prng.below(documents.len())).collect(),
            groups: (0..groups).map(|_| Some([(); 2].map(|()| prng.below(roles)))).collect(),
            people: Vec::with_capacity(members),
            there: (0..members).collect(),
            passing: VecDeque::new(),
            passed: 0,
            prng,
            schema,
            documents,
        };
        churn.people = (0..members).map(|_| Some(churn.person())).collect();
        Ok(churn)
    }

    fn person(&mut self) -> Person {
        let role = self.prng.below(self.roles.len());
        let groups =
            if self.prng.percent(40) { vec![self.prng.below(self.groups.len())] } else { Vec::new() };
        let groups =
            groups.into_iter().filter(|&group| matches!(self.groups.get(group), Some(Some(_)))).collect();
        Person { role, suspended: false, groups }
    }

    /// How many members there are.
    #[must_use]
    pub fn members(&self) -> usize {
        self.there.len()
    }

    /// The workspace as it is, to be compiled.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        let mut workspace = Workspace::new("churn", self.schema.clone());
        let passing = self.passing.iter().map(|&(number, document)| (self.roles.len() + number, document));
        for (number, document) in self.roles.iter().copied().enumerate().chain(passing) {
            if let Some(document) = self.documents.get(document) {
                workspace.add_role(role(number), Arc::clone(document));
            }
        }
        let mut groups: Vec<Option<Group>> = self.groups.iter().map(|roles| roles.map(with_roles)).collect();
        for (number, person) in self.people.iter().enumerate() {
            let Some(person) = person else { continue };
            let member = Member::with_role(role(person.role));
            let member = if person.suspended { member.suspended() } else { member };
            workspace.add_member(id(number), member);
            for group in &person.groups {
                if let Some(place) = groups.get_mut(*group) {
                    *place = place.take().map(|group| group.member(id(number)));
                }
            }
        }
        for (number, described) in groups.into_iter().enumerate() {
            if let Some(described) = described {
                workspace.add_group(group(number), described);
            }
        }
        workspace
    }

    /// One edit, of the lists and of the writer.
    ///
    /// # Errors
    /// What the writer says; it should not.
    pub fn edit(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        match self.prng.below(1_000) {
            0..30 => self.rewrite(writer),
            30..60 => self.pass(writer),
            60..61 => self.regroup(writer),
            61..180 => self.come(writer),
            180..300 => self.go(writer),
            300..400 => self.suspend(writer),
            400..700 => self.move_over(writer),
            _ => self.promote(writer),
        }
    }

    /// A role gets another document.
    fn rewrite(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let (number, document) = (self.prng.below(self.roles.len()), self.prng.below(self.documents.len()));
        self.roles.iter_mut().skip(number).take(1).for_each(|role| *role = document);
        match (writer, self.documents.get(document)) {
            (Some(writer), Some(document)) => {
                writer.replace_role(&role(number), Arc::clone(document)).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// A role comes, or the oldest of those that came goes.
    fn pass(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        if self.passing.len() < PASSING && self.prng.percent(55) {
            let (number, document) = (self.passed, self.prng.below(self.documents.len()));
            self.passed += 1;
            self.passing.push_back((number, document));
            let name = role(self.roles.len() + number);
            match (writer, self.documents.get(document)) {
                (Some(writer), Some(document)) => writer.add_role(&name, Arc::clone(document)).map(drop),
                _ => Ok(()),
            }
        } else {
            let gone = self.passing.pop_front();
            match (writer, gone) {
                (Some(writer), Some((number, _))) => writer.remove_role(&role(self.roles.len() + number)),
                _ => Ok(()),
            }
        }
    }

    /// A group goes, and another comes in its place, without members.
    fn regroup(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let (gone, next) = (self.prng.below(self.groups.len()), self.groups.len());
        let roles = [(); 2].map(|()| self.prng.below(self.roles.len()));
        let Some(place) = self.groups.get_mut(gone).filter(|group| group.is_some()) else { return Ok(()) };
        *place = None;
        self.groups.push(Some(roles));
        for person in self.people.iter_mut().flatten() {
            person.groups.retain(|group| *group != gone);
        }
        let Some(writer) = writer else { return Ok(()) };
        writer.remove_group(&group(gone))?;
        writer.add_group(&group(next), with_roles(roles)).map(drop)
    }

    /// Somebody joins.
    fn come(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let (number, person) = (self.people.len(), self.person());
        self.there.push(number);
        self.people.push(Some(person.clone()));
        let Some(writer) = writer else { return Ok(()) };
        writer.add_member(&id(number), Member::with_role(role(person.role)))?;
        person.groups.iter().try_for_each(|number_of| writer.add_to_group(&group(*number_of), &id(number)))
    }

    /// Somebody leaves.
    fn go(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        if self.there.is_empty() {
            return Ok(());
        }
        let number = self.there.swap_remove(self.prng.below(self.there.len()));
        self.people.iter_mut().skip(number).take(1).for_each(|person| *person = None);
        writer.map_or(Ok(()), |writer| writer.remove_member(&id(number)))
    }

    /// Somebody is suspended, or is no longer.
    fn suspend(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let Some(number) = self.somebody() else { return Ok(()) };
        let Some(Some(person)) = self.people.get_mut(number) else { return Ok(()) };
        person.suspended = !person.suspended;
        match writer {
            Some(writer) if person.suspended => writer.suspend_member(&id(number)),
            Some(writer) => writer.reactivate_member(&id(number)),
            None => Ok(()),
        }
    }

    /// Somebody joins a group, or leaves the one they are in.
    fn move_over(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let Some(number) = self.somebody() else { return Ok(()) };
        let drawn = self.prng.below(self.groups.len());
        let Some(Some(person)) = self.people.get_mut(number) else { return Ok(()) };
        if let Some(left) = person.groups.pop() {
            return writer.map_or(Ok(()), |writer| writer.remove_from_group(&group(left), &id(number)));
        }
        if !matches!(self.groups.get(drawn), Some(Some(_))) {
            return Ok(());
        }
        person.groups.push(drawn);
        writer.map_or(Ok(()), |writer| writer.add_to_group(&group(drawn), &id(number)))
    }

    /// Somebody gets another role.
    fn promote(&mut self, writer: Option<&mut Writer>) -> Result<(), Report> {
        let Some(number) = self.somebody() else { return Ok(()) };
        let drawn = self.prng.below(self.roles.len());
        let Some(Some(person)) = self.people.get_mut(number) else { return Ok(()) };
        person.role = drawn;
        writer.map_or(Ok(()), |writer| writer.set_member_role(&id(number), &role(drawn)).map(drop))
    }

    fn somebody(&mut self) -> Option<usize> {
        self.prng.pick(&self.there).copied()
    }
}

fn with_roles(roles: [usize; 2]) -> Group {
    roles.iter().fold(Group::new(), |group, number| group.role(role(*number)))
}
