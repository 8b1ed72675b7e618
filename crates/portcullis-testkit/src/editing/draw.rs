//! Edits out of a seed: mostly of what is there, often of what is not, now and then of what must never be there.
//!
//! Names come from pools that are a little larger than what a workspace has at a time, so that every name is taken, free,
//! and free again. Some are longer than what a table of names keeps in its slots.

use crate::generate::{self, Prng};
use serde_json::{Value, json};

use super::model::{Edit, Model, Setting};

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

/// A document that is well formed; one in twenty does not compile.
fn document(prng: &mut Prng, setting: &Setting) -> Value {
    let faulty = if setting.is_large() { 3 } else { prng.below(60) };
    let statement = match faulty {
        0 => json!({ "effect": "allow", "actions": "no such action", "resource": "*" }),
        1 => json!({ "effect": "deny", "actions": "*", "resource": "nothing like it*" }),
        2 => json!({ "effect": "allow", "actions": "*", "resource": "*",
            "conditions": { "labels.team": { "equals": "blue" } } }),
        _ => return generate::policy(prng, &setting.vocabulary, 4).unwrap(),
    };
    json!({ "version": "2022-04-26", "policies": [statement] })
}

pub(super) fn edit(prng: &mut Prng, setting: &Setting, model: &Model) -> Edit {
    let [roles, groups, members] = model.names();
    let names = Names { setting, roles, groups, members };
    let role = |prng: &mut Prng| names.a_role(prng);
    let member_there = |prng: &mut Prng| names.a_member(prng);
    match prng.below(40) {
        0..6 => Edit::AddRole(free(prng, &names.roles, |prng| names.role(prng)), document(prng, setting)),
        6..9 => Edit::ReplaceRole(role(prng), document(prng, setting)),
        9..11 => Edit::RemoveRole(role(prng)),
        11 => Edit::SetDefaultRole(role(prng)),
        12..19 => Edit::AddMember {
            id: free(prng, &names.members, |prng| names.member(prng)),
            role: prng.percent(70).then(|| role(prng)),
            kind: prng.percent(30).then(|| name(prng, "kind", 3)),
            suspended: prng.percent(15),
        },
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
        _ => Edit::Leave(names.a_group(prng), member_there(prng)),
    }
}
