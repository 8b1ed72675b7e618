//! Edits out of a seed: mostly of what is there, often of what is not, now and then of what must never be there.
//!
//! Names come from pools that are a little larger than what a workspace has at a time, so that every name is taken, free,
//! and free again. Some are longer than what a table of names keeps in its slots.

use crate::generate::{self, Prng, World};
use serde_json::{Value, json};

use super::edit::{Edit, Person, Thing};
use super::model::{Model, Setting};

/// A name of a kind that has about so many.
fn name(prng: &mut Prng, kind: &str, pool: usize) -> String {
    let number = prng.below(pool);
    match prng.below(100) {
        0 => String::new(),
        1 => "x".repeat(513),
        _ if number % 5 == 4 => format!("{kind} {number} of a department whose name is long@acme.example"),
        _ => format!("{kind} {number}"),
    }
}

/// What there is to be named.
struct Names<'m> {
    setting: &'m Setting,
    roles: Vec<&'m str>,
    groups: Vec<&'m str>,
    members: Vec<&'m str>,
}

impl Names<'_> {
    /// Any name of a role.
    fn role(&self, prng: &mut Prng) -> String {
        let built_in = ["admin", "editor", "viewer", "reader"];
        if prng.percent(if self.setting.built_in { 25 } else { 2 }) {
            return (*prng.pick(&built_in).unwrap()).to_owned();
        }
        name(prng, "role", self.setting.pools[0])
    }

    fn group(&self, prng: &mut Prng) -> String {
        name(prng, "group", self.setting.pools[1])
    }

    fn member(&self, prng: &mut Prng) -> String {
        name(prng, "member", self.setting.pools[2])
    }

    fn a_role(&self, prng: &mut Prng) -> String {
        there(prng, &self.roles, |prng| self.role(prng))
    }

    fn a_member(&self, prng: &mut Prng) -> String {
        there(prng, &self.members, |prng| self.member(prng))
    }

    fn a_group(&self, prng: &mut Prng) -> String {
        there(prng, &self.groups, |prng| self.group(prng))
    }
}

/// Mostly one of these, else any.
fn there(prng: &mut Prng, known: &[&str], any: impl Fn(&mut Prng) -> String) -> String {
    match prng.pick(known) {
        Some(name) if prng.percent(93) => (*name).to_owned(),
        _ => any(prng),
    }
}

/// Mostly none of these.
fn free(prng: &mut Prng, known: &[&str], any: impl Fn(&mut Prng) -> String) -> String {
    let drawn: Vec<String> = (0..4).map(|_| any(prng)).collect();
    drawn.iter().find(|name| !known.contains(&name.as_str())).unwrap_or(&drawn[0]).clone()
}

fn several(prng: &mut Prng, most: usize, one: impl Fn(&mut Prng) -> String) -> Vec<String> {
    (0..prng.below(most + 1)).map(|_| one(prng)).collect()
}

/// A document that is well formed; one in twenty does not compile. Most have conditions.
fn document(prng: &mut Prng, setting: &Setting, world: &World) -> Value {
    let faulty = if setting.is_large() { 3 } else { prng.below(60) };
    let mut statement = match faulty {
        0 => json!({ "effect": "allow", "actions": "no such action", "resource": "*" }),
        1 => json!({ "effect": "deny", "actions": "*", "resource": "nothing like it*" }),
        // Whether what the condition asks about is declared is for both to say.
        2 => json!({ "effect": "allow", "actions": "*", "resource": "*" }),
        _ => {
            let mut drawn = generate::policy(prng, &setting.vocabulary, 4).unwrap();
            if prng.percent(75) {
                generate::restrict(prng, &setting.vocabulary, world, &mut drawn);
            }
            return drawn;
        }
    };
    generate::restrict_blindly(prng, world, &mut statement);
    json!({ "version": "2022-04-26", "policies": [statement] })
}

/// Properties, or what takes them away, or what are none.
fn properties(prng: &mut Prng, world: &World) -> Option<Value> {
    match prng.below(20) {
        0..2 => None,
        2 => Some(json!("no object")),
        _ => Some(generate::stored_properties(prng, world)),
    }
}

/// A stored object, or one that may be stored.
fn object(prng: &mut Prng, model: &Model, world: &World, known: usize) -> (String, String) {
    let objects = model.objects();
    match prng.pick(&objects).filter(|_| prng.percent(known)) {
        Some((kind, id)) => ((*kind).to_owned(), (*id).to_owned()),
        None if prng.percent(3) => ("no such type".to_owned(), world.an_id(prng)),
        None if prng.percent(3) => (world.a_type(prng), String::new()),
        None => (world.a_type(prng), world.an_id(prng)),
    }
}

pub(super) fn edit(prng: &mut Prng, setting: &Setting, model: &Model) -> Edit {
    let [roles, groups, members] = model.names();
    let names = Names { setting, roles, groups, members };
    let role = |prng: &mut Prng| names.a_role(prng);
    let member_there = |prng: &mut Prng| names.a_member(prng);
    let people = names.members.iter().map(|id| ((*id).to_owned(), "kind 1".to_owned())).take(20).collect();
    let world = World::new(&setting.vocabulary, people);
    match prng.below(52) {
        0..6 => {
            let name = free(prng, &names.roles, |prng| names.role(prng));
            Edit::AddRole(name, document(prng, setting, &world))
        }
        6..9 => Edit::ReplaceRole(role(prng), document(prng, setting, &world)),
        9..11 => Edit::RemoveRole(role(prng)),
        11 => Edit::SetDefaultRole(role(prng)),
        12..19 => Edit::AddMember(Person {
            id: free(prng, &names.members, |prng| names.member(prng)),
            role: prng.percent(70).then(|| role(prng)),
            kind: prng.percent(30).then(|| name(prng, "kind", 3)),
            suspended: prng.percent(15),
            properties: properties(prng, &world),
        }),
        19..22 => Edit::RemoveMember(member_there(prng)),
        22..26 => Edit::SetMemberRole(member_there(prng), role(prng)),
        26..28 => Edit::Suspend(member_there(prng)),
        28..30 => Edit::Reactivate(member_there(prng)),
        30..32 => {
            let (roles, members) = (several(prng, 2, role), several(prng, 3, member_there));
            Edit::AddGroup { name: free(prng, &names.groups, |prng| names.group(prng)), roles, members }
        }
        32..34 => Edit::SetGroupRoles(names.a_group(prng), several(prng, 3, role)),
        34 => Edit::RemoveGroup(names.a_group(prng)),
        35..39 => Edit::Join(names.a_group(prng), member_there(prng)),
        39 => Edit::Leave(names.a_group(prng), member_there(prng)),
        40..44 => Edit::SetProperties(member_there(prng), properties(prng, &world)),
        44..50 => {
            let (kind, id) = object(prng, model, &world, 45);
            Edit::PutObject(Thing { kind, id, properties: properties(prng, &world) })
        }
        _ => {
            let (kind, id) = object(prng, model, &world, 90);
            Edit::RemoveObject(kind, id)
        }
    }
}
