//! Whom a test is about: members, people who are none, and roles.
//!
//! That a person who left may do nothing is worth a test, so whoever is no member is a warning, with the id that may
//! have been meant. But a pattern, and the name of a group or a role, is nobody's id: it would be denied for that alone, and the
//! test could not fail. Whoever is suspended is denied everything as well.

use super::resolve::{Person, Resolver};
use super::{Askers, Word};
use crate::diagnostic::{Code, Diagnostic};
use crate::json::quoted_string;
use crate::schema::ROLE_ALIASES;
use crate::snapshot::Role;
use crate::text::{listed, quoted};

impl<'s> Resolver<'_, 's> {
    /// Everybody who is named; warns of those who are no members. `None` when a name is none of a person.
    pub(super) fn people(&mut self, words: &'s [Word], what: &str) -> Option<Vec<Person<'s>>> {
        let people: Vec<Person<'s>> = words.iter().filter_map(|word| self.person(word, what)).collect();
        (people.len() == words.len()).then_some(people)
    }

    fn person(&mut self, word: &'s Word, what: &str) -> Option<Person<'s>> {
        let person = Person { id: &word.text, at: word.span, near: None };
        if self.snapshot.subject(&word.text).is_some() {
            return Some(person);
        }
        if let Some(fault) = self.nobody(word, what) {
            self.report.push(fault);
            return None;
        }
        let workspace = quoted(self.snapshot.workspace());
        let message = format!("{} is no member of {workspace}", quoted(&word.text));
        let fault = self.fault(Code::Stranger, word.span, message, "denied everything");
        let near = self.suggester.nearest(&word.text, self.snapshot.members());
        // No mend: somebody who left may be meant, and must not become somebody who stayed.
        self.report.push(match near {
            Some(near) => fault.help(format!("did you mean {}?", quoted(near))),
            None => fault.help("whoever is no member is denied everything, whatever the roles say"),
        });
        Some(Person { near, ..person })
    }

    /// A name that is no id of somebody who is no member either.
    fn nobody(&self, word: &Word, what: &str) -> Option<Diagnostic> {
        let (name, workspace) = (&*word.text, quoted(self.snapshot.workspace()));
        let fault = |message: String| self.fault(Code::NotAMember, word.span, message, "not a member");
        if name.contains('*') {
            let message = format!("{} is no member of {workspace}: there are no patterns here", quoted(name));
            return Some(fault(message).help(format!(
                "{what} one by one; `action`, `resource` and `who` ask everybody, and `role` tests what a role comes to"
            )));
        }
        if self.snapshot.directory().group_names.get(name).is_some() {
            let message = format!("{} is a group of {workspace}, not a member", quoted(name));
            let help = format!("{what}, not groups; test its members, or its roles with `role`");
            return Some(fault(message).help(help));
        }
        let is_role = self.snapshot.role(name).is_some() || self.aliased(name).is_some();
        let message = || format!("{} is a role of {workspace}, not a member", quoted(name));
        is_role.then(|| fault(message()).help(format!("{what}; `role` tests a role held alone")))
    }

    /// Warns of members who are suspended, in a test that only expects denials.
    pub(super) fn suspended(&mut self, askers: &Askers) {
        let Askers::Subjects(words) = askers else { return };
        for word in words.iter().filter(|word| self.snapshot.is_suspended(&word.text)) {
            let message =
                format!("{} is suspended, so this passes whatever the roles say", quoted(&word.text));
            let fault = self.fault(Code::SuspendedMember, word.span, message, "denied everything");
            let help = "to test the suspension write `\"grid\": {}`; to test the roles behind it name them with `role`";
            self.report.push(fault.help(help));
        }
    }

    /// The built-in role that a name is an alias of.
    fn aliased(&self, name: &str) -> Option<&'static str> {
        let alias = ROLE_ALIASES.iter().find(|(alias, _)| *alias == name);
        alias.filter(|_| self.schema.is_hightouch()).map(|(_, own)| *own)
    }

    /// The role of a name; nothing, and said so, when there is none.
    pub(crate) fn role(&mut self, word: &Word) -> Option<&'s Role> {
        if let Some(role) = self.snapshot.role(&word.text) {
            return Some(role);
        }
        if let Some(own) = self.aliased(&word.text) {
            let message = format!("{} is an alias of the built-in role {}", quoted(&word.text), quoted(own));
            let fault = self.fault(Code::RoleAlias, word.span, message, "");
            let fault = fault.help(format!("write {}", quoted(own)));
            self.report.push(fault.replace(self.source, word.span, quoted_string(own)));
            return self.snapshot.role(own);
        }
        let mut names: Vec<&str> = Vec::new();
        for role in self.snapshot.roles() {
            names.push(role.name());
        }
        let workspace = quoted(self.snapshot.workspace());
        let message = format!("{workspace} has no role {}", quoted(&word.text));
        let fault = self.fault(Code::UnknownRole, word.span, message, "no such role");
        self.report.push(match self.suggester.nearest(&word.text, names.iter().copied()) {
            Some(near) => fault.meant(near),
            None if names.is_empty() => fault.help("the workspace has no roles"),
            None => fault.help(format!("the roles are {}", listed(names, 12))),
        });
        None
    }
}
