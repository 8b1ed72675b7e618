//! From names as written to permissions, roles, groups and members of one snapshot.
//!
//! Names are looked up as test suites look them up. Beyond that, every name must select something: an action that is
//! admitted on none of the rule's types, a group or a member that is not there would leave the rule saying less than it
//! reads. What comes out speaks in numbers alone, so that asserting looks nothing up.

use std::collections::HashSet;

use portcullis_matrix::RoleId;

use super::{Claim, Except, Matter, Rule, Rules};
use crate::diagnostic::{Code, Report};
use crate::snapshot::{Role, Snapshot, subject_of};
use crate::source::Span;
use crate::suite::resolve::{Named, Resolver};
use crate::text::{listed, quoted};
use crate::tied::Word;

/// What a rule is about, under one snapshot.
#[derive(Clone, Debug)]
pub(super) enum About<'s> {
    Permissions(Selection<'s>),
    Role(RoleId, &'s Role),
}

/// Some permissions, on types or on one object.
#[derive(Clone, Debug)]
pub(super) struct Selection<'s> {
    /// The permissions 64 at a time: which 64, and which of them; ascending, none empty.
    pub(super) words: Vec<(u32, u64)>,
    pub(super) object: Option<&'s str>,
}

/// Who may in spite of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Exempt {
    pub(super) roles: Vec<RoleId>,
    /// Subjects' numbers.
    pub(super) subjects: HashSet<u32>,
}

/// What a rule comes to under one snapshot.
#[derive(Clone, Debug)]
pub(super) enum Resolved<'s> {
    Never(About<'s>),
    Separate(Vec<About<'s>>),
    /// The subjects' numbers, ascending.
    Only(Vec<u32>, About<'s>),
    AtMost(usize, About<'s>),
}

/// What the names of one list stand for, and which of it selects a permission.
struct Chosen {
    all: bool,
    numbers: HashSet<u32>,
    used: HashSet<u32>,
}

impl Chosen {
    fn of(named: &[Named]) -> Chosen {
        let (mut all, mut numbers) = (false, HashSet::new());
        for one in named {
            match one {
                Named::All => all = true,
                Named::Some(some) => numbers.extend(some),
            }
        }
        Chosen { all, numbers, used: HashSet::new() }
    }

    fn holds(&self, number: u32) -> bool {
        self.all || self.numbers.contains(&number)
    }

    /// Whether a name selects a permission.
    fn uses(&self, named: &Named) -> bool {
        match named {
            Named::All => !self.used.is_empty(),
            Named::Some(some) => some.iter().any(|number| self.used.contains(number)),
        }
    }
}

/// Resolves every rule for the sake of what is wrong with it, and keeps none.
pub(super) fn every_rule(rules: &Rules, snapshot: &Snapshot, report: &mut Report) {
    let mut resolver = RuleResolver::new(rules, snapshot, report);
    for rule in &rules.rules {
        resolver.rule(rule);
    }
}

pub(super) struct RuleResolver<'r, 's> {
    names: Resolver<'r, 's>,
}

impl<'r, 's> RuleResolver<'r, 's> {
    pub(super) fn new(rules: &'s Rules, snapshot: &'s Snapshot, report: &'r mut Report) -> Self {
        RuleResolver { names: Resolver::over(&rules.tied.source, snapshot, report) }
    }

    /// Resolves one rule; `None` when something in it is an error.
    pub(super) fn rule(&mut self, rule: &'s Rule) -> Option<(Resolved<'s>, Exempt)> {
        let exempt = self.exempt(&rule.except);
        let resolved = match &rule.claim {
            Claim::Never(matter) => self.about(matter).map(Resolved::Never),
            Claim::Separate(sides) => self.sides(sides).map(Resolved::Separate),
            Claim::Only(members, matter) => {
                let members = self.members(members);
                let about = self.about(matter);
                members.zip(about).map(|(mut members, about)| {
                    members.sort_unstable();
                    members.dedup();
                    Resolved::Only(members, about)
                })
            }
            Claim::AtMost(most, matter) => self.about(matter).map(|about| Resolved::AtMost(*most, about)),
        };
        resolved.zip(exempt)
    }

    fn about(&mut self, matter: &'s Matter) -> Option<About<'s>> {
        match matter {
            Matter::Role(word) => {
                let (id, role) = self.role(word)?;
                Some(About::Role(id, role))
            }
            Matter::Permissions { actions, kinds, object } => {
                let words = self.select(actions, kinds);
                let object = match object {
                    Some(id) => Some(self.object(id, kinds)?),
                    None => None,
                };
                Some(About::Permissions(Selection { words: words?, object }))
            }
        }
    }

    /// The permissions of some actions on some types: one pass over those of the types, however many names there are. Every
    /// name must add one.
    fn select(&mut self, actions: &'s [Word], kinds: &'s [Word]) -> Option<Vec<(u32, u64)>> {
        let known: Vec<Option<Named>> = kinds.iter().map(|kind| self.names.kinds(kind)).collect();
        let asked: Vec<Option<Named>> = actions.iter().map(|action| self.names.actions(action)).collect();
        let known: Option<Vec<Named>> = known.into_iter().collect();
        let asked: Option<Vec<Named>> = asked.into_iter().collect();
        let (known, asked) = known.zip(asked)?;
        let schema = self.names.schema;
        let (mut on_actions, mut on_kinds) = (Chosen::of(&asked), Chosen::of(&known));
        let mut bits = vec![0_u64; (schema.permission_count() as usize).div_ceil(64)];
        for (kind, one) in
            (0..).zip(schema.types()).filter(|(kind, _)| on_kinds.holds(*kind)).collect::<Vec<_>>()
        {
            for id in one.permissions() {
                let Some(action) = schema.action_of(id).filter(|action| on_actions.holds(*action)) else {
                    continue;
                };
                on_actions.used.insert(action);
                on_kinds.used.insert(kind);
                if let Some(bits) = bits.get_mut(id as usize / 64) {
                    *bits |= 1 << (id % 64);
                }
            }
        }
        let mut whole = true;
        for (_, word) in asked.iter().zip(actions).filter(|(named, _)| !on_actions.uses(named)) {
            self.never_admitted(word, "is admitted on none of these types", kinds);
            whole = false;
        }
        // Where an action is at fault its types are not.
        let idle = known.iter().zip(kinds).filter(|(named, _)| whole && !on_kinds.uses(named));
        for (_, word) in idle.collect::<Vec<_>>() {
            self.never_admitted(word, "admits none of these actions", actions);
            whole = false;
        }
        let words = (0..).zip(bits).filter(|(_, bits)| *bits != 0);
        whole.then(|| words.collect())
    }

    fn never_admitted(&mut self, word: &Word, why: &str, others: &[Word]) {
        let message = format!("{} {why}, so nobody could be allowed it", quoted(&word.text));
        let fault = self.names.fault(Code::NothingRuled, word.span, message, "selects nothing");
        let schema = self.names.schema;
        let of_action = schema.action_number(&word.text).map(|number| {
            let ids = schema.permissions_of_action(number).iter();
            let types = ids.filter_map(|&id| schema.type_of(portcullis_matrix::PermissionId::from_u32(id)));
            format!("{} applies to {}", quoted(&word.text), listed(types.map(|kind| kind.name()), 12))
        });
        let of_kind = || {
            let kind = schema.resource_type(&word.text)?;
            Some(format!("{} admits {}", quoted(&word.text), listed(schema.actions_of(kind), 12)))
        };
        let others = || format!("the rule says {}", listed(others.iter().map(|word| &*word.text), 12));
        let help = of_action.or_else(of_kind).unwrap_or_else(others);
        self.names.report.push(fault.help(help));
    }

    /// An object of the one type that the rule names.
    fn object(&mut self, id: &'s Word, kinds: &'s [Word]) -> Option<&'s str> {
        let schema = self.names.schema;
        let kind = match kinds {
            [kind] => schema.named(&kind.text),
            _ => None,
        };
        let Some(kind) = kind else {
            // A name that means nothing is reported by itself.
            if kinds.len() > 1 || kinds.iter().all(|kind| kind.text.contains('*')) {
                let message = "`object` needs one resource type, by its name";
                let fault =
                    self.names.fault(Code::UnknownObject, id.span, message.to_owned(), "of which type?");
                let fault = match kinds {
                    [first, ..] => fault.also(self.names.source, first.span, "this is not one type"),
                    [] => fault,
                };
                self.names.report.push(fault.help("write a rule for each type, or leave `object` out"));
            }
            return None;
        };
        let (snapshot, name) = (self.names.snapshot, schema.types().get(kind.kind as usize)?.name());
        if snapshot.objects.number(kind.kind, &id.text).is_some() {
            return Some(&id.text);
        }
        let workspace = quoted(snapshot.workspace());
        let message = format!("{workspace} stores no {} with the id {}", quoted(name), quoted(&id.text));
        let fault = self.names.fault(Code::UnknownObject, id.span, message, "not stored");
        let near = self.names.suggester.nearest(&id.text, snapshot.objects_of(name));
        self.names.report.push(match near {
            Some(near) => fault.meant(near),
            None => fault.help("leave `object` out for a rule about all objects of the type"),
        });
        None
    }

    fn sides(&mut self, sides: &'s [(Matter, Span)]) -> Option<Vec<About<'s>>> {
        let known: Vec<Option<About<'s>>> = sides.iter().map(|(matter, _)| self.about(matter)).collect();
        let known: Vec<About<'s>> = known.into_iter().collect::<Option<_>>()?;
        let mut whole = true;
        for (at, (one, (_, place))) in known.iter().zip(sides).enumerate() {
            let before = known.iter().zip(sides).take(at);
            let Some((why, first)) =
                before.filter_map(|(other, (_, first))| Some((self.shared(one, other)?, *first))).next()
            else {
                continue;
            };
            let message = format!("{why} on both of two sides");
            let fault = self.names.fault(Code::OverlappingSides, *place, message, "this side");
            let fault = fault.also(self.names.source, first, "and this one");
            let help = "whoever may that has a hand in both; if nobody may, say `never`";
            self.names.report.push(fault.help(help));
            whole = false;
        }
        whole.then_some(known)
    }

    /// What two sides share, in words.
    fn shared(&self, one: &About<'s>, other: &About<'s>) -> Option<String> {
        match (one, other) {
            (About::Role(one, role), About::Role(other, _)) => {
                (one == other).then(|| format!("the role {} is", quoted(role.name())))
            }
            (About::Permissions(one), About::Permissions(other)) => {
                let apart = one.object.is_some() && other.object.is_some() && one.object != other.object;
                let id = one.words.iter().find_map(|(at, bits)| {
                    let found = other.words.binary_search_by_key(at, |(at, _)| *at).ok()?;
                    let both = bits & other.words.get(found)?.1;
                    (both != 0).then(|| at * 64 + both.trailing_zeros())
                });
                let id = id.filter(|_| !apart)?;
                let (action, kind) =
                    self.names.snapshot.names_of(portcullis_matrix::PermissionId::from_u32(id));
                Some(format!("{} on {} is", quoted(action), quoted(kind)))
            }
            _ => None,
        }
    }

    fn role(&mut self, word: &'s Word) -> Option<(RoleId, &'s Role)> {
        let role = self.names.role(word)?;
        let number = self.names.snapshot.directory().role_names.get(role.name())?;
        Some((RoleId::from_u32(number), role))
    }

    fn exempt(&mut self, except: &'s Except) -> Option<Exempt> {
        let roles: Vec<Option<RoleId>> =
            except.roles.iter().map(|word| self.role(word).map(|(id, _)| id)).collect();
        let groups: Vec<Option<u32>> = except.groups.iter().map(|word| self.group(word)).collect();
        let members = self.members(&except.members);
        let roles: Vec<RoleId> = roles.into_iter().collect::<Option<_>>()?;
        let groups: Vec<u32> = groups.into_iter().collect::<Option<_>>()?;
        let mut subjects: HashSet<u32> = members?.into_iter().collect();
        let directory = self.names.snapshot.directory();
        for group in groups {
            subjects.extend(directory.memberships.holding(group).map(|member| subject_of(member).as_u32()));
        }
        Some(Exempt { roles, subjects })
    }

    fn group(&mut self, word: &Word) -> Option<u32> {
        let snapshot = self.names.snapshot;
        let directory = snapshot.directory();
        if let Some(number) = directory.group_names.get(&word.text) {
            return Some(number);
        }
        let workspace = quoted(snapshot.workspace());
        let message = format!("{workspace} has no group {}", quoted(&word.text));
        let fault = self.names.fault(Code::UnknownGroup, word.span, message, "no such group");
        let names: Vec<&str> = directory.groups.iter().flatten().map(|group| &*group.name).collect();
        let fault = match self.names.suggester.nearest(&word.text, names.iter().copied()) {
            Some(near) => fault.meant(near),
            None if snapshot.role(&word.text).is_some() => {
                fault.help("it is a role: name it under `roles` in `except`")
            }
            None if names.is_empty() => fault.help("the workspace has no groups"),
            None => fault.help(format!("the groups are {}", listed(names, 12))),
        };
        self.names.report.push(fault);
        None
    }

    /// Subjects' numbers of those who are named, who must be members.
    fn members(&mut self, words: &'s [Word]) -> Option<Vec<u32>> {
        let known: Vec<Option<u32>> = words.iter().map(|word| self.member(word)).collect();
        known.into_iter().collect()
    }

    fn member(&mut self, word: &'s Word) -> Option<u32> {
        let snapshot = self.names.snapshot;
        if let Some(subject) = snapshot.subject_id(&word.text) {
            return Some(subject.as_u32());
        }
        let workspace = quoted(snapshot.workspace());
        let message = format!("{} is no member of {workspace}", quoted(&word.text));
        let fault = self.names.fault(Code::UnknownSubject, word.span, message, "not a member");
        let is_group = snapshot.directory().group_names.get(&word.text).is_some();
        let is_role = snapshot.role(&word.text).is_some();
        let near = self.names.suggester.nearest(&word.text, snapshot.members());
        // No mend: whoever left must not be replaced by somebody who happens to have a name like theirs.
        self.names.report.push(match near {
            _ if is_group => fault.help("it is a group, and members are named here one by one"),
            _ if is_role => fault.help("it is a role, and members are named here one by one"),
            _ if word.text.contains('*') => fault.help("there are no patterns here: name members one by one"),
            Some(near) => fault.help(format!("did you mean {}?", quoted(near))),
            None => fault.help("take out whoever left"),
        });
        None
    }
}
