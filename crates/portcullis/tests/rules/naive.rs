//! Rules asserted in the plainest way: member by member, permission by permission, from the text of rule and workspace.
//!
//! How somebody stands to one permission is for whoever calls to say: the reference decider, or the search.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::rules::{Outcome, Verdict};
use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference::{Vocabulary, pattern_matches};
use serde_json::{Value, json};

/// How somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    No,
    Depends,
    May,
}

/// A permission, perhaps on one object: action, type, id.
pub(crate) type Asked<'a> = (&'a str, &'a str, Option<&'a str>);

/// Says how a member stands to a permission.
pub(crate) type Stands<'a> = &'a dyn Fn(&str, Asked<'_>) -> Standing;

pub(crate) struct Naive<'a> {
    pub(crate) workspace: &'a Value,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) stands: Stands<'a>,
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().map(|one| one.as_str().unwrap()).collect(),
        Value::Null => Vec::new(),
        other => panic!("{other}"),
    }
}

impl Naive<'_> {
    fn members(&self) -> Vec<(&str, bool)> {
        let members = self.workspace["members"].as_object().unwrap().iter();
        members.map(|(id, member)| (id.as_str(), member["suspended"] == json!(true))).collect()
    }

    fn groups_of(&self, member: &str) -> Vec<(&str, Vec<&str>)> {
        let groups = self.workspace["groups"].as_object().unwrap().iter();
        let own = groups.filter(|(_, group)| strings(&group["members"]).contains(&member));
        own.map(|(name, group)| (name.as_str(), strings(&group["roles"]))).collect()
    }

    fn roles_of(&self, member: &str) -> BTreeSet<&str> {
        let own = &self.workspace["members"][member]["role"];
        let own = own.as_str().or(self.workspace["default_role"].as_str());
        own.into_iter().chain(self.groups_of(member).into_iter().flat_map(|(_, roles)| roles)).collect()
    }

    /// The permissions that a rule names: each action on each type that admits it.
    fn permissions(&self, matter: &Value) -> BTreeSet<(String, String)> {
        let vocabulary = self.vocabulary;
        let mut found = BTreeSet::new();
        for (action, kind) in vocabulary.permissions() {
            let names = |word: &&str| pattern_matches(word, action) || *word == action;
            let is_kind = |word: &&str| {
                if word.contains('*') {
                    pattern_matches(word, kind)
                } else {
                    vocabulary.type_asked(word) == Some(kind)
                }
            };
            let (actions, kinds) = (strings(&matter["actions"]), strings(&matter["resource"]));
            if actions.iter().any(names) && kinds.iter().any(is_kind) {
                found.insert((action.to_owned(), kind.to_owned()));
            }
        }
        found
    }

    /// Whether every name of a rule selects something, and no two of its sides the same.
    pub(crate) fn is_sound(&self, rule: &Value) -> bool {
        let sides: Vec<&Value> = match (rule.get("separate"), rule.get("never")) {
            (Some(sides), _) => sides.as_array().unwrap().iter().collect(),
            (None, Some(never)) => vec![never],
            (None, None) => vec![rule],
        };
        let selects = |side: &Value| {
            let (actions, kinds) = (strings(&side["actions"]), strings(&side["resource"]));
            let some = |action: Value, kind: Value| {
                !self.permissions(&json!({ "actions": action, "resource": kind })).is_empty()
            };
            side.get("role").is_some()
                || actions.iter().all(|one| some(json!(one), side["resource"].clone()))
                    && kinds.iter().all(|one| some(side["actions"].clone(), json!(one)))
        };
        let of_role = |side: &Value| side["role"].as_str().map(str::to_owned);
        let apart = sides.iter().enumerate().all(|(at, one)| {
            sides[..at].iter().all(|other| match (of_role(one), of_role(other)) {
                (Some(one), Some(other)) => one != other,
                (None, None) => self.permissions(one).is_disjoint(&self.permissions(other)),
                _ => true,
            })
        });
        apart && sides.iter().all(|side| selects(side))
    }

    /// How a member stands to each of what a rule is about.
    fn standings(&self, member: &str, suspended: bool, matter: &Value) -> Vec<Standing> {
        if let Some(role) = matter["role"].as_str() {
            let holds = !suspended && self.roles_of(member).contains(role);
            return vec![if holds { Standing::May } else { Standing::No }];
        }
        let object = matter["object"].as_str();
        let permissions = self.permissions(matter);
        permissions.iter().map(|(action, kind)| (self.stands)(member, (action, kind, object))).collect()
    }

    fn best(&self, member: &str, suspended: bool, matter: &Value) -> Standing {
        self.standings(member, suspended, matter).into_iter().max().unwrap()
    }

    /// Who breaks a rule and of whom it is undecided, and what the rule comes to.
    pub(crate) fn assert(&self, rule: &Value) -> (Verdict, BTreeMap<String, Verdict>) {
        let except = &rule["except"];
        let (roles, groups) = (strings(&except["roles"]), strings(&except["groups"]));
        let members = strings(&except["members"]);
        let mut found = BTreeMap::new();
        for (member, suspended) in self.members() {
            let in_group = self.groups_of(member).iter().any(|(name, _)| groups.contains(name));
            let holds = self.roles_of(member).iter().any(|role| roles.contains(role));
            if in_group || holds || members.contains(&member) {
                continue;
            }
            let standing = if let Some(only) = rule.get("only") {
                if strings(only).contains(&member) {
                    // The worst of what they should have.
                    let least = self.standings(member, suspended, rule).into_iter().min().unwrap();
                    [Standing::May, Standing::Depends, Standing::No][least as usize]
                } else {
                    self.best(member, suspended, rule)
                }
            } else if let Some(sides) = rule.get("separate") {
                let sides = sides.as_array().unwrap().iter();
                let mut sides: Vec<Standing> = sides.map(|side| self.best(member, suspended, side)).collect();
                sides.sort_unstable();
                sides[sides.len() - 2]
            } else {
                self.best(member, suspended, rule.get("never").unwrap_or(rule))
            };
            match standing {
                Standing::No => {}
                Standing::Depends => drop(found.insert(member.to_owned(), Verdict::Undecided)),
                Standing::May => drop(found.insert(member.to_owned(), Verdict::Broken)),
            }
        }
        let broken = found.values().filter(|verdict| **verdict == Verdict::Broken).count();
        let most = rule.get("at-most").map_or(0, |most| most.as_u64().unwrap() as usize);
        if found.len() <= most {
            return (Verdict::Holds, BTreeMap::new());
        }
        (if broken > most { Verdict::Broken } else { Verdict::Undecided }, found)
    }

    /// A random rule, which may name something that selects nothing, or sides that overlap.
    pub(crate) fn draw(&self, prng: &mut Prng) -> Value {
        let members: Vec<&str> = self.members().into_iter().map(|(id, _)| id).collect();
        let names =
            |key: &str| -> Vec<String> { self.workspace[key].as_object().unwrap().keys().cloned().collect() };
        let (roles, groups) = (names("roles"), names("groups"));
        let some = |prng: &mut Prng, all: &[String], percent: usize| -> Value {
            let some: Vec<&String> = all.iter().filter(|_| prng.percent(percent)).collect();
            json!(some)
        };
        let ids: Vec<String> = members.iter().map(|id| (*id).to_owned()).collect();
        let mut rule = match prng.below(4) {
            0 => json!({ "never": self.matter(prng, &roles) }),
            1 => {
                let sides = 2 + prng.below(2);
                json!({ "separate": (0..sides).map(|_| self.matter(prng, &roles)).collect::<Vec<_>>() })
            }
            kind => {
                let mut rule = self.matter(prng, &roles);
                if kind == 2 {
                    rule["only"] = some(prng, &ids, 40);
                } else {
                    rule["at-most"] = json!(prng.below(members.len() + 2));
                }
                rule
            }
        };
        if rule.get("only").is_none() && prng.percent(60) {
            rule["except"] = json!({ "roles": some(prng, &roles, 20), "groups": some(prng, &groups, 20),
                                     "members": some(prng, &ids, 15) });
        }
        rule
    }

    fn matter(&self, prng: &mut Prng, roles: &[String]) -> Value {
        if prng.percent(15) {
            return json!({ "role": prng.pick(roles).unwrap() });
        }
        let actions: Vec<String> = self.vocabulary.actions().into_iter().map(str::to_owned).collect();
        let kinds: Vec<String> = self.vocabulary.names_of_types().map(str::to_owned).collect();
        let mut words = |all: &[String]| match prng.below(6) {
            0 => json!("*"),
            1 => {
                let name = prng.pick(all).unwrap();
                json!(format!("{}*", name.chars().take(2).collect::<String>()))
            }
            2 | 3 => json!(prng.pick(all).unwrap()),
            _ => json!([prng.pick(all).unwrap(), prng.pick(all).unwrap()]),
        };
        let (actions, resource) = (words(&actions), words(&kinds));
        json!({ "actions": actions, "resource": resource })
    }
}

/// What the library found, in the same form.
pub(crate) fn found(outcome: &Outcome<'_>) -> (Verdict, BTreeMap<String, Verdict>) {
    let [rule] = outcome.rules() else { panic!("one rule") };
    let found: BTreeMap<String, Verdict> =
        rule.findings.iter().map(|one| (one.subject.to_owned(), one.verdict)).collect();
    assert_eq!(found.len(), rule.findings.len(), "nobody is told of twice");
    assert!(rule.findings.is_sorted_by_key(|one| one.subject));
    assert!(!rule.cut_short);
    if rule.verdict != Verdict::Holds {
        let count = |verdict| found.values().filter(|one| **one == verdict).count();
        assert_eq!((count(Verdict::Broken), count(Verdict::Undecided)), (rule.broken_by, rule.undecided_by));
    }
    (rule.verdict, found)
}
