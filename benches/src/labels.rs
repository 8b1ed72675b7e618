//! A workspace whose roles ask for labels, and questions about its objects.
//!
//! A thousand members hold one to three of as many roles as there are distinct conditions; each role allows to update the syncs of one team, and
//! all may read the syncs of the teams that are stored of them. Every object has the label of one team. `time-conditions` times
//! checks of it, and `benches/peers` the same questions beside Cedar; both compare every decision with what the labels say first.

use std::ops::Range;

use portcullis::condition::Attribute;
use portcullis::{Document, Group, Member, Question, Schema, Source, Workspace};
use portcullis_testkit::generate::Prng;

use crate::Trouble;

/// How many members there are.
pub const MEMBERS: usize = 1_000;

/// What a workspace is made of, drawn the same every time.
pub struct Labels {
    /// Of each object its team.
    teams: Vec<usize>,
    /// Of each member the teams whose roles it holds.
    held: Vec<Vec<usize>>,
    conditions: usize,
    prng: Prng,
}

impl Labels {
    /// So many objects and distinct conditions.
    #[must_use]
    pub fn new(objects: usize, conditions: usize) -> Self {
        let mut prng = Prng::new(0x0b1ec7);
        let teams = (0..objects).map(|_| prng.below(conditions.max(4))).collect();
        let held =
            (0..MEMBERS).map(|_| (0..1 + prng.below(3)).map(|_| prng.below(conditions)).collect()).collect();
        Labels { teams, held, conditions, prng }
    }

    /// The workspace.
    ///
    /// # Errors
    /// Never in a sound build.
    pub fn workspace(&self) -> Result<Workspace, Trouble> {
        described(&self.teams, &self.held, self.conditions)
    }

    /// The next questions.
    ///
    /// # Errors
    /// Never in a sound build.
    pub fn questions(&mut self, count: usize) -> Result<Stream, Trouble> {
        let teams: Result<Vec<Attribute>, Trouble> = (0..self.conditions.max(4)).map(labels).collect();
        let mut stream = Stream { text: String::new(), asked: Vec::with_capacity(count), teams: teams? };
        for _ in 0..count {
            let (member, object) = (self.prng.below(MEMBERS), self.prng.below(self.teams.len()));
            let team = self.teams.get(object).copied().unwrap_or_default();
            let expected = self.held.get(member).is_some_and(|held| held.contains(&team));
            stream.push(&address(member), &named(object), team, expected);
        }
        Ok(stream)
    }

    /// Any object by its id, and labels that it could have.
    ///
    /// # Errors
    /// Never in a sound build.
    pub fn any_object(&mut self) -> Result<(String, Attribute), Trouble> {
        let object = named(self.prng.below(self.teams.len()));
        Ok((object, labels(self.prng.below(self.conditions.max(4)))?))
    }

    /// The roles that a member holds, by name, each once.
    #[must_use]
    pub fn roles(&self, member: usize) -> Vec<String> {
        let mut teams = self.held.get(member).cloned().unwrap_or_default();
        teams.sort_unstable();
        teams.dedup();
        std::iter::once("own".to_owned()).chain(teams.iter().map(|team| format!("team {team}"))).collect()
    }
}

/// Who is asked about what, with what the answer must be. The text of all lies in one run, in the order asked, and the
/// properties that are sent are few, so that what is timed waits for the workspace and not for its questions.
struct Asked {
    subject: Range<usize>,
    object: Range<usize>,
    team: usize,
    expected: bool,
}

/// Questions about objects.
pub struct Stream {
    text: String,
    asked: Vec<Asked>,
    /// The properties of an object of each team.
    teams: Vec<Attribute>,
}

impl Stream {
    fn push(&mut self, subject: &str, object: &str, team: usize, expected: bool) {
        let start = self.text.len();
        self.text.push_str(subject);
        let middle = self.text.len();
        self.text.push_str(object);
        self.asked.push(Asked { subject: start..middle, object: middle..self.text.len(), team, expected });
    }

    /// Every question, of one action on one type, with the object's properties sent or not.
    pub fn questions(
        &self,
        action: &'static str,
        kind: &'static str,
        how: How,
    ) -> impl Iterator<Item = (Question<'_>, bool)> {
        self.asked.iter().map(move |asked| {
            let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or("");
            let object = if how == How::Unknown { "unknown" } else { text(&asked.object) };
            let sent = self.teams.get(asked.team).filter(|_| how != How::Bare).map(Attribute::value);
            let bare = Question::new(text(&asked.subject), action, kind);
            (Question { object: Some(object), object_properties: sent, ..bare }, asked.expected)
        })
    }
}

/// What is said of the object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its id.
    Bare,
    /// Its properties, too.
    Sent,
    /// The properties of one that is not stored.
    Unknown,
}

/// The id of a member.
#[must_use]
pub fn address(member: usize) -> String {
    format!("member.{member}@acme.com")
}

fn named(object: usize) -> String {
    format!("sync-{object:07}")
}

fn labels(team: usize) -> Result<Attribute, Trouble> {
    let text = format!(r#"{{"labels": {{"team": "team-{team}", "stage": "live"}}, "rows": {team}}}"#);
    Ok(Attribute::read(&Source::new("properties", text))?)
}

fn described(teams: &[usize], held: &[Vec<usize>], conditions: usize) -> Result<Workspace, Trouble> {
    let mut workspace = Workspace::new("labels", Schema::hightouch()?);
    let document = |text: String| Ok::<_, Trouble>(Document::read(&Source::new("role.json", text))?.0);
    workspace.add_role(
        "own",
        document(
            r#"{"version": "2022-04-26", "policies": [
                {"effect": "allow", "actions": "read", "resource": "model"},
                {"effect": "allow", "actions": "read", "resource": "sync",
                 "conditions": {"labels.team": {"in": {"ref": "subject.teams"}}}}]}"#
                .to_owned(),
        )?,
    );
    for team in 0..conditions {
        let text = format!(
            r#"{{"version": "2022-04-26", "policies": [{{"effect": "allow", "actions": ["update"], "resource": "sync",
                "conditions": {{"labels.team": {{"equals": "team-{team}"}}}}}}]}}"#
        );
        workspace.add_role(format!("team {team}"), document(text)?);
    }
    let mut members = vec![Vec::new(); conditions];
    for (member, held) in held.iter().enumerate() {
        let names: Vec<String> = held.iter().map(|team| format!("\"team-{team}\"")).collect();
        let text = format!(r#"{{"teams": [{}]}}"#, names.join(","));
        let properties = Attribute::read(&Source::new("properties", text))?;
        workspace.add_member(address(member), Member::with_role("own").with_properties(properties));
        for team in held {
            if let Some(members) = members.get_mut(*team) {
                members.push(member);
            }
        }
    }
    for (team, members) in members.iter_mut().enumerate() {
        members.dedup();
        let group = Group::new().role(format!("team {team}"));
        let group = members.iter().fold(group, |group, member| group.member(address(*member)));
        workspace.add_group(format!("group {team}"), group);
    }
    for (object, team) in teams.iter().enumerate() {
        workspace.add_object("sync", named(object), labels(*team)?);
    }
    Ok(workspace)
}
