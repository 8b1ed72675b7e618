//! Workspaces of the sizes that large services have: a million members, made from a seed without JSON in between.
//!
//! [`Workload`](crate::Workload) goes through a file and compares every decision; here both would take minutes. A crowd is plain
//! numbers, from which come a workspace in memory, the text of the same workspace for who opens files, a prefix that the naive
//! reference can hold, and streams of questions. Ids are e-mail addresses of the lengths that addresses have: most of 19 to 26
//! bytes, two in a hundred longer than 32. Members hold one to three roles: one of their own and the others through groups of one role
//! each, none of more names than a list may have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use portcullis::{Document, Group, Member, Schema, Snapshot, Source, Workspace};
use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference::Reference;
use serde_json::{Value, json};

use crate::stream::Stream;
use crate::{GROUP, Trouble, custom_role};

/// The built-in roles and two of the public documents: what members have where there are five roles.
const FIVE: [&str; 5] = ["viewer", "editor", "admin", "atlan_role", "audience_collaborator"];

/// The fewest roles that a crowd has.
pub const LEAST_ROLES: usize = FIVE.len();

/// How many of the five come with the schema.
const BUILT_IN: usize = 3;

/// Of twenty members with one of the five roles, how many have which as their own: most read, few administer.
const SHARES: [usize; 5] = [8, 7, 3, 1, 1];

/// Members whose decisions are compared with the reference's, which goes through all groups for every question.
const COMPARED: usize = 2_000;

const FIRST: [&str; 24] = [
    "ann",
    "bob",
    "li",
    "omar",
    "ines",
    "karl",
    "yuki",
    "ravi",
    "chloe",
    "mateo",
    "amara",
    "noah",
    "sofia",
    "lukas",
    "jan",
    "eva",
    "helena",
    "tom",
    "mia",
    "ingrid",
    "fatima",
    "andrei",
    "catalina",
    "anna-lena",
];

const LAST: [&str; 25] = [
    "wu",
    "ito",
    "kim",
    "roy",
    "diaz",
    "shah",
    "okoro",
    "novak",
    "silva",
    "meyer",
    "patel",
    "ali",
    "berg",
    "rossi",
    "haddad",
    "keller",
    "nguyen",
    "lee",
    "cruz",
    "almeida",
    "lindberg",
    "fernandez",
    "ivanova",
    "papadakis",
    "khan",
];

const DOMAINS: [&str; 5] = ["acme.io", "acme.com", "acme.eu", "acme.dev", "acme.co.uk"];

/// An address that nobody else has.
#[must_use]
pub fn address(number: usize) -> String {
    if number % 50 == 49 {
        return format!("svc-loader-{number}@warehouse.internal.acme.com");
    }
    let name = |names: &[&'static str], at: usize| names.get(at % names.len()).copied().unwrap_or("x");
    let first = name(&FIRST, number);
    let last = name(&LAST, number / FIRST.len());
    // Names repeat, and those who came later have a number behind theirs.
    let again = number / (FIRST.len() * LAST.len());
    let domain = name(&DOMAINS, number.wrapping_mul(0x9e37_79b9) >> 8);
    if again == 0 { format!("{first}.{last}@{domain}") } else { format!("{first}.{last}{again}@{domain}") }
}

#[derive(Debug)]
struct Team {
    role: usize,
    members: Vec<u32>,
}

/// Members, their own roles and their groups, as numbers.
#[derive(Debug)]
pub struct Crowd {
    schema: Schema,
    roles: Vec<String>,
    /// The documents of the roles that do not come with the schema.
    documents: Vec<Value>,
    ids: Vec<String>,
    /// The own role of each member.
    own: Vec<u32>,
    teams: Vec<Team>,
}

impl Crowd {
    /// So many members with one to three of so many roles, of which there are at least five.
    ///
    /// # Errors
    /// When the schema or the public documents cannot be had.
    pub fn new(members: usize, roles: usize) -> Result<Crowd, Trouble> {
        let mut prng = Prng::new(0x00c2_03d0);
        let schema = Schema::hightouch()?;
        let mut names: Vec<String> = FIVE.iter().map(|name| (*name).to_owned()).collect();
        let public = portcullis_testkit::corpus::documents()?;
        let mut documents = Vec::new();
        for name in FIVE.iter().skip(BUILT_IN) {
            documents.push(public.get(*name).cloned().ok_or("a public document is not there")?);
        }
        while names.len() < roles {
            names.push(format!("custom_{:05}", names.len()));
            documents.push(custom_role(&mut prng, &schema));
        }
        let five: Vec<u32> = (0..).zip(SHARES).flat_map(|(role, share)| vec![role; share]).collect();
        let mut teams: Vec<Team> = (0..names.len()).map(|role| Team { role, members: Vec::new() }).collect();
        let mut full = Vec::new();
        let mut own = Vec::with_capacity(members);
        for member in 0..members as u32 {
            let all = names.len();
            own.push(if all > FIVE.len() {
                prng.below(all) as u32
            } else {
                prng.pick(&five).copied().unwrap_or(0)
            });
            for _ in 0..prng.below(3) {
                let role = prng.below(all);
                let Some(team) = teams.get_mut(role) else { continue };
                if team.members.last() != Some(&member) {
                    team.members.push(member);
                }
                if team.members.len() == GROUP {
                    full.push(std::mem::replace(team, Team { role, members: Vec::new() }));
                }
            }
        }
        full.extend(teams);
        let ids = (0..members).map(address).collect();
        Ok(Crowd { schema, roles: names, documents, ids, own, teams: full })
    }

    /// How many members there are.
    #[must_use]
    pub fn members(&self) -> usize {
        self.ids.len()
    }

    fn role(&self, number: usize) -> &str {
        self.roles.get(number).map_or("", |name| name)
    }

    fn id(&self, number: u32) -> &str {
        self.ids.get(number as usize).map_or("", |id| id)
    }

    /// The groups with their names, and their members below `most`.
    fn teams(&self, most: usize) -> impl Iterator<Item = (String, &str, impl Iterator<Item = &str>)> {
        self.teams.iter().enumerate().map(move |(number, team)| {
            let role = self.role(team.role);
            let below = team.members.iter().filter(move |&&member| (member as usize) < most);
            (format!("{role} team {number}"), role, below.map(|&member| self.id(member)))
        })
    }

    /// The ids of members and, for those whose role is not the default one, their own roles.
    fn own_roles(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let roles = self.own.iter().map(|&role| (role > 0).then(|| self.role(role as usize)));
        self.ids.iter().map(String::as_str).zip(roles)
    }

    fn own_documents(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.roles.iter().skip(BUILT_IN).map(String::as_str).zip(&self.documents)
    }

    /// The workspace in memory.
    ///
    /// # Errors
    /// When a document has a fault.
    pub fn workspace(&self) -> Result<Workspace, Trouble> {
        let mut workspace = Workspace::new("crowd", self.schema.clone());
        for (name, document) in self.own_documents() {
            let (document, _) = Document::read(&Source::new(name, document.to_string()))?;
            workspace.add_role(name, Arc::new(document));
        }
        for (id, role) in self.own_roles() {
            workspace.add_member(id, role.map_or_else(Member::new, Member::with_role));
        }
        for (name, role, members) in self.teams(usize::MAX) {
            workspace.add_group(name, members.fold(Group::new().role(role), Group::member));
        }
        Ok(workspace)
    }

    /// The text of the same workspace as a file of few spaces, a member a line.
    ///
    /// # Errors
    /// Never: a string takes what is written.
    pub fn json(&self) -> Result<String, Trouble> {
        let documents: BTreeMap<&str, &Value> = self.own_documents().collect();
        let mut text = String::with_capacity(72 * self.members());
        write!(
            text,
            "{{\"workspace\":\"crowd\",\"schema\":\"hightouch\",\"roles\":{},",
            serde_json::to_string(&documents)?
        )?;
        text.push_str("\"members\":{");
        for (number, (id, role)) in self.own_roles().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            match role {
                Some(role) => write!(text, "{comma}\n\"{id}\":{{\"role\":\"{role}\"}}")?,
                None => write!(text, "{comma}\n\"{id}\":{{}}")?,
            }
        }
        text.push_str("},\n\"groups\":{");
        for (number, (name, role, members)) in self.teams(usize::MAX).enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(text, "{comma}\n\"{name}\":{{\"roles\":[\"{role}\"],\"members\":[")?;
            for (number, id) in members.enumerate() {
                let comma = if number > 0 { "," } else { "" };
                write!(text, "{comma}\"{id}\"")?;
            }
            text.push_str("]}");
        }
        text.push_str("}}\n");
        Ok(text)
    }

    /// So many questions about all members, drawn from a seed; one in 16 comes from a stranger, one in two is about a pair that the
    /// schema does not admit.
    #[must_use]
    pub fn stream(&self, count: usize) -> Stream {
        let mut prng = Prng::new(0x0a5c_ed00 + count as u64);
        let actions: Vec<&str> = self.schema.actions().collect();
        let types: Vec<&str> = self.schema.types().iter().map(|kind| kind.name()).collect();
        let mut stream = Stream::default();
        for _ in 0..count {
            let number = prng.below(self.members());
            let stranger = if prng.below(16) == 0 { self.members() } else { 0 };
            let pair = (prng.pick(&actions).copied(), prng.pick(&types).copied());
            stream.push(&address(stranger + number), pair.0.unwrap_or("read"), pair.1.unwrap_or("sync"));
        }
        stream
    }

    /// Compares what a snapshot says of the first members with what the reference says of a workspace of these alone.
    ///
    /// # Errors
    /// The first difference.
    pub fn verify(&self, snapshot: &Snapshot) -> Result<usize, Trouble> {
        let most = COMPARED.min(self.members());
        let documents: BTreeMap<&str, &Value> = self.own_documents().collect();
        let members: BTreeMap<&str, Value> = self
            .own_roles()
            .take(most)
            .map(|(id, role)| (id, role.map_or(json!({}), |role| json!({ "role": role }))))
            .collect();
        let groups: BTreeMap<String, Value> = self
            .teams(most)
            .map(|(name, role, members)| {
                (name, json!({ "roles": [role], "members": members.collect::<Vec<_>>() }))
            })
            .collect();
        let reference = Reference::from_json(&json!({ "workspace": "crowd", "schema": "hightouch",
            "default_role": "viewer", "roles": documents, "groups": groups, "members": members }))?;
        let mut prng = Prng::new(0x7e57_ed00);
        let actions: Vec<&str> = self.schema.actions().collect();
        let mut allowed = 0;
        for number in 0..most {
            let stranger = address(self.members() + number);
            let subject = if number % 16 == 15 { &*stranger } else { self.id(number as u32) };
            for kind in self.schema.types() {
                let (action, resource) = (prng.pick(&actions).copied().unwrap_or("read"), kind.name());
                let ours = snapshot.check(subject, action, resource).is_allowed();
                if ours != reference.decide(subject, action, resource) {
                    return Err(format!("{subject} {action} {resource}: the engine says {ours}").into());
                }
                allowed += usize::from(ours);
            }
        }
        Ok(allowed)
    }
}

#[cfg(test)]
mod tests {
    use portcullis::NoFiles;

    use super::*;

    #[test]
    fn a_crowd_is_the_same_workspace_in_memory_and_in_a_file() {
        for roles in [5, 300] {
            let crowd = Crowd::new(3_000, roles).unwrap();
            let file = Source::new("crowd.json", crowd.json().unwrap());
            let (built, _) = crowd.workspace().unwrap().compile().unwrap();
            let (read, _) = Workspace::read(&file, &NoFiles).unwrap().0.compile().unwrap();
            assert!(crowd.verify(&built).unwrap() > 0);
            assert!(built.members().eq(read.members()));
            let stream = crowd.stream(10_000);
            for (subject, action, resource) in stream.questions() {
                assert_eq!(built.check(subject, action, resource), read.check(subject, action, resource));
            }
        }
    }

    #[test]
    fn addresses_differ_and_have_the_lengths_that_are_promised() {
        let mut lengths: Vec<usize> = (0..100_000).map(|number| address(number).len()).collect();
        let distinct: std::collections::BTreeSet<String> = (0..100_000).map(address).collect();
        assert_eq!(distinct.len(), lengths.len());
        lengths.sort_unstable();
        assert!((18..=20).contains(&lengths[10_000]) && (25..=28).contains(&lengths[90_000]), "{lengths:?}");
    }
}
