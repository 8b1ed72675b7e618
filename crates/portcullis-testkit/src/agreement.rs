//! The engine held against the reference: one workspace, and every way to ask the engine about it.
//!
//! Questions are asked by strings, by handles, in batch, with an explanation, as *who* and as *what*; all must say what
//! the reference says, down to the reason and the statements that made it. Where conditions govern a permission, the matrix must
//! leave it open, and whole requests are decided as the reference decides them. The engine gets a workspace as the
//! text of a file and nothing else, so its reader is tested on the way.
//!
//! A disagreement panics with the question in its message: this is called by tests and by fuzz targets, and there is
//! nobody to hand an error to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a disagreement is reported by panicking"
)]

mod open;
mod searched;

use std::collections::BTreeSet;

use portcullis::matrix::{Layout, Permission, PermissionId, Subject, SubjectId, Verdict};
use portcullis::{
    DEFAULT_MEMBER_TYPE, Decision, Explanation, Grounds, NoFiles, Question, Reason, Report, Revision,
    Snapshot, Source, Workspace,
};
use serde_json::Value;

use crate::generate::AskedByRequest;
use crate::reference::{self, Document, Effect, Reference, Request, Statement};
use crate::sent::Sent;

/// A (subject, action, resource) question.
pub type Asked<'a> = (&'a str, &'a str, &'a str);

/// Reads a workspace from the text that a file of it would have, and compiles it.
///
/// # Errors
/// Whatever the engine finds wrong with it.
pub fn compiled(workspace: &Value, layout: Layout) -> Result<Snapshot, Report> {
    read(&workspace.to_string(), layout)
}

/// The same of the text itself, whose numbers a value of serde_json might not hold.
///
/// # Errors
/// Whatever the engine finds wrong with it.
pub fn read(workspace: &str, layout: Layout) -> Result<Snapshot, Report> {
    let source = Source::new("workspace.json", workspace);
    let (workspace, _) = Workspace::read(&source, &NoFiles)?;
    Ok(workspace.compile_with(layout, Revision::FIRST)?.0)
}

/// A workspace as the engine and as the reference see it.
pub struct Pair {
    /// The engine.
    pub snapshot: Snapshot,
    /// The reference.
    pub reference: Reference,
}

impl Pair {
    /// Compiles and reads.
    ///
    /// # Panics
    /// When either refuses the workspace.
    #[must_use]
    pub fn new(workspace: &Value, layout: Layout) -> Self {
        Pair::read(&workspace.to_string(), layout)
    }

    /// The same of the text of a file.
    ///
    /// # Panics
    /// When either refuses the workspace.
    #[must_use]
    pub fn read(workspace: &str, layout: Layout) -> Self {
        let snapshot = match read(workspace, layout) {
            Ok(snapshot) => snapshot,
            Err(report) => panic!("the engine refuses what the reference accepts:\n{report}\n{workspace}"),
        };
        Pair { snapshot, reference: Reference::read(workspace).unwrap() }
    }

    /// The documents of the role of this name: one, or none.
    #[must_use]
    pub fn documents_of(&self, role: &str) -> Vec<&Document> {
        self.reference.roles().filter(|(name, _)| *name == role).map(|(_, document)| document).collect()
    }

    /// What a subject's roles say of a question before any condition is looked at: the rule, spelled once more.
    pub fn verdict(&self, asked: Asked<'_>) -> Verdict {
        let (subject, action, resource) = asked;
        use reference::Reason::{Allow, DefaultDeny, ExplicitDeny};
        // Whoever and whatever is not known is denied whatever the roles say.
        if !matches!(self.reference.reason(subject, action, resource), Allow | DefaultDeny | ExplicitDeny) {
            return Verdict::Deny;
        }
        let held = self.reference.roles_of(subject);
        let roles = self.reference.roles().filter(|(name, _)| held.contains(name));
        verdict_of(&self.reference, roles.map(|(_, document)| document), action, resource)
    }

    /// Every question that the workspace's own names make, and strangers on each axis.
    ///
    /// # Panics
    /// On the first disagreement.
    pub fn agree_on_every_cell(&self) {
        let vocabulary = self.reference.vocabulary();
        let mut actions: Vec<&str> = vocabulary.actions().into_iter().collect();
        let mut resources: Vec<&str> = vocabulary.names_of_types().collect();
        actions.push("no such action");
        resources.push("no such type");
        let members: Vec<&str> = self.reference.members().collect();
        let mut questions = Vec::new();
        for subject in members.iter().copied().chain(["nobody"]) {
            for action in &actions {
                questions.extend(resources.iter().map(|resource| (subject, *action, *resource)));
            }
        }
        self.agree_on(&questions);
        self.agree_on_who(&actions, &resources);
        self.agree_on_what(&members);
        assert_eq!(self.snapshot.matrix().validate(), Ok(()));
    }

    /// These questions: by strings, by handles, explained, and all in one batch.
    ///
    /// # Panics
    /// On the first disagreement.
    pub fn agree_on(&self, questions: &[Asked<'_>]) {
        let mut columns: (Vec<Subject>, Vec<Permission>) = (Vec::new(), Vec::new());
        let mut expected = Vec::new();
        for asked in questions {
            let reason = self.agree_on_one(*asked);
            let said = self.verdict(*asked);
            let handles = (self.snapshot.subject(asked.0), self.snapshot.permission(asked.1, asked.2));
            if let (Some(subject), Ok(permission)) = handles {
                let decision = self.snapshot.check_handles(subject, permission);
                // A handle has forgotten the name: `resource.type` is then the type's own.
                let own = self.reference.vocabulary().type_asked(asked.2).unwrap();
                let by_handles = self.reference.reason(asked.0, asked.1, own);
                assert_eq!(decision.reason(), plain(by_handles), "{asked:?} by handles");
                let cell = self.snapshot.matrix().cell(subject.id(), permission.id());
                assert_eq!(cell.verdict(), said, "{asked:?} in the matrix");
                assert!(said.is_open() || said.is_allow() == reason.is_allowed(), "{asked:?}: {said:?}");
                columns.0.push(subject);
                columns.1.push(permission);
                expected.push(said);
            }
        }
        let words = expected.len().div_ceil(64);
        let (mut granted, mut open) = (vec![0; words], vec![0; words]);
        self.snapshot.check_batch(&columns.0, &columns.1, &mut granted, &mut open);
        for (index, said) in expected.into_iter().enumerate() {
            let bits = [&granted, &open].map(|words| words[index / 64] >> (index % 64) & 1 == 1);
            assert_eq!(bits, [said.is_allow(), said.is_open()], "question {index} in batch");
        }
        let ids: (Vec<SubjectId>, Vec<PermissionId>) =
            (columns.0.iter().map(|one| one.id()).collect(), columns.1.iter().map(|one| one.id()).collect());
        let (mut by_ids, mut open_ids) = (vec![u64::MAX; words], vec![u64::MAX; words]);
        self.snapshot.matrix().check_batch(&ids.0, &ids.1, &mut by_ids, &mut open_ids);
        assert_eq!((by_ids, open_ids), (granted, open), "a batch of ids and one of handles");
        self.agree_in_stages(questions);
    }

    /// All at once by strings, which is done in stages: the decisions of one by one, with a claimed type too.
    fn agree_in_stages(&self, questions: &[Asked<'_>]) {
        let one_by_one: Vec<Decision> =
            questions.iter().map(|asked| self.snapshot.check(asked.0, asked.1, asked.2)).collect();
        let mut staged = vec![Decision::default(); questions.len()];
        self.snapshot.check_many(questions, &mut staged);
        assert_eq!(staged, one_by_one, "many at once");
        let types = [None, Some(DEFAULT_MEMBER_TYPE), Some("no such type")];
        let typed: Vec<Question<'_>> = questions
            .iter()
            .zip(types.into_iter().cycle())
            .map(|(asked, kind)| Question { subject_type: kind, ..Question::new(asked.0, asked.1, asked.2) })
            .collect();
        let decisions = self.snapshot.decide_all(&typed);
        assert_eq!(decisions.len(), typed.len());
        for ((question, decision), plain) in typed.iter().zip(decisions).zip(one_by_one) {
            let known = self.snapshot.member_type(question.subject);
            let other = question.subject_type.is_some_and(|asked| known.is_some_and(|known| known != asked));
            let reason = if other { Reason::UnknownSubject } else { plain.reason() };
            assert_eq!(decision.reason(), reason, "{question:?} among many");
            assert_eq!(decision, self.snapshot.decide(question), "{question:?} among many");
        }
    }

    fn agree_on_one(&self, asked: Asked<'_>) -> reference::Reason {
        let (subject, action, resource) = asked;
        let reason = self.reference.reason(subject, action, resource);
        let decision = self.snapshot.check(subject, action, resource);
        assert_eq!(decision.is_allowed(), reason.is_allowed(), "{asked:?}: {reason}");
        assert_eq!(decision.reason(), plain(reason), "{asked:?}");
        let question = Question::new(subject, action, resource);
        assert_eq!(self.snapshot.decide(&question), decision, "{asked:?}");
        let explanation = self.snapshot.explain(&question);
        assert_eq!(explanation.decision, decision, "{asked:?} explained");
        // Which of a question's statements with conditions apply is told apart elsewhere.
        if !self.is_conditional(asked) {
            assert_eq!(explanation.reason, exact(reason), "{asked:?} explained");
            self.agree_on_grounds(asked, reason, &explanation);
        }
        reason
    }

    /// These requests, with all that they bring: one by one and all at once. Returns how many of them conditions decided.
    ///
    /// # Panics
    /// On the first disagreement.
    pub fn agree_on_requests(&self, requests: &[AskedByRequest]) -> usize {
        let sent: Vec<Sent> = requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let questions: Vec<Question<'_>> =
            sent.iter().zip(requests).map(|(sent, asked)| sent.question(asked.now.as_deref())).collect();
        let together = self.snapshot.decide_all(&questions);
        assert_eq!(together.len(), questions.len());
        let mut open = 0;
        for ((question, asked), together) in questions.iter().zip(requests).zip(together) {
            let mut request = Request::read(&asked.request).unwrap();
            request.now.clone_from(&asked.now);
            let reason = self.reference.answer(&request);
            let decision = self.snapshot.decide(question);
            let about = || format!("{} at {:?}: {reason}", asked.request, asked.now);
            assert_eq!(decision.reason(), plain(reason), "{}", about());
            assert_eq!(together, decision, "{} among many", about());
            self.agree_on_answer(question, decision);
            let explanation = self.snapshot.explain(question);
            assert_eq!(explanation.decision, decision, "{} explained", about());
            let verdict = self.verdict((question.subject, question.action, question.resource));
            assert!(!decision.is_allowed() || !verdict.is_deny(), "{}", about());
            open += usize::from(verdict.is_open());
        }
        open
    }

    /// Whether a statement with conditions bears on a question.
    fn is_conditional(&self, (subject, action, resource): Asked<'_>) -> bool {
        let held = self.reference.roles_of(subject);
        let roles = self.reference.roles().filter(|(name, _)| held.contains(name));
        let mut statements =
            roles.flat_map(|(_, document)| bearing(&self.reference, document, action, resource));
        statements.any(|(_, statement)| statement.condition.is_some())
    }

    /// The statements that an explanation names are those that the reference finds by looking at all of them.
    fn agree_on_grounds(&self, asked: Asked<'_>, reason: reference::Reason, explanation: &Explanation<'_>) {
        let determining = match reason {
            reference::Reason::Allow => Some(Effect::Allow),
            reference::Reason::ExplicitDeny => Some(Effect::Deny),
            _ => None,
        };
        let expected = determining.map(|effect| self.statements(asked, effect)).unwrap_or_default();
        assert_eq!(named(&explanation.determining), expected, "{asked:?}: what decided");
        assert_eq!(determining.is_some(), !expected.is_empty(), "{asked:?}: {reason} without grounds");
        if reason == reference::Reason::ExplicitDeny {
            let allows = self.statements(asked, Effect::Allow);
            assert_eq!(named(&explanation.overridden), allows, "{asked:?}: what was overridden");
        }
        for grounds in explanation.determining.iter().chain(&explanation.overridden) {
            assert!(grounds.held.own || !grounds.held.groups.is_empty(), "{asked:?}: held through nothing");
            let text: Value = serde_json::from_str(grounds.statement.text()).unwrap();
            assert_eq!(text["effect"], grounds.statement.effect().as_str(), "{asked:?}");
        }
    }

    /// The statements of this effect that speak of a question, among the roles that the subject holds.
    fn statements(
        &self,
        (subject, action, resource): Asked<'_>,
        effect: Effect,
    ) -> BTreeSet<(String, usize)> {
        let held = self.reference.roles_of(subject);
        let built_in = self.snapshot.schema().is_hightouch();
        let mut found = BTreeSet::new();
        for (name, document) in self.reference.roles().filter(|(name, _)| held.contains(name)) {
            for (index, statement) in bearing(&self.reference, document, action, resource) {
                if statement.effect == effect {
                    // `reader` is but an alias of it.
                    let name = if built_in && name == "reader" { "viewer" } else { name };
                    found.insert((name.to_owned(), index));
                }
            }
        }
        found
    }
}

/// The statements of a document that speak of a question, conditions or not, by their numbers.
fn bearing<'d>(
    reference: &Reference,
    document: &'d Document,
    action: &str,
    resource: &str,
) -> Vec<(usize, &'d Statement)> {
    let vocabulary = reference.vocabulary();
    let own = vocabulary.type_asked(resource).unwrap_or_default();
    let all = document.policies.iter().enumerate();
    all.filter(|(_, statement)| vocabulary.statement_matches(statement, action, own)).collect()
}

/// What documents held together say of a question whose names are known, before any condition is looked at.
pub fn verdict_of<'d>(
    reference: &Reference,
    documents: impl IntoIterator<Item = &'d Document>,
    action: &str,
    resource: &str,
) -> Verdict {
    let (mut allows, mut denies) = ([false; 2], [false; 2]);
    for document in documents {
        for (_, statement) in bearing(reference, document, action, resource) {
            let said = if statement.effect == Effect::Allow { &mut allows } else { &mut denies };
            said[usize::from(statement.condition.is_some())] = true;
        }
    }
    match (allows, denies) {
        (_, [true, _]) | ([false, false], _) => Verdict::Deny,
        ([true, _], [false, false]) => Verdict::Allow,
        _ => Verdict::Open,
    }
}

fn named(grounds: &[Grounds<'_>]) -> BTreeSet<(String, usize)> {
    let names = grounds.iter().map(|one| (one.role.name().to_owned(), one.statement.index()));
    let all: BTreeSet<_> = names.collect();
    assert_eq!(all.len(), grounds.len(), "a statement is named twice");
    all
}

/// The reason that an explanation gives.
#[must_use]
pub fn exact(reason: reference::Reason) -> Reason {
    match reason {
        reference::Reason::Allow => Reason::Allowed,
        reference::Reason::ExplicitDeny => Reason::ExplicitDeny,
        reference::Reason::DefaultDeny => Reason::DefaultDeny,
        reference::Reason::UnknownSubject => Reason::UnknownSubject,
        reference::Reason::UnknownAction => Reason::UnknownAction,
        reference::Reason::UnknownResource => Reason::UnknownResource,
        reference::Reason::NotAdmitted => Reason::NotAdmitted,
        reference::Reason::Suspended => Reason::Suspended,
    }
}

/// The reason that a check gives, which does not look at documents.
#[must_use]
pub fn plain(reason: reference::Reason) -> Reason {
    match exact(reason) {
        Reason::ExplicitDeny | Reason::DefaultDeny => Reason::NotGranted,
        other => other,
    }
}

/// Two snapshots of one workspace answer every cell alike: the flat and the paged layout, for instance.
///
/// # Panics
/// On the first cell where they do not.
pub fn same_answers(one: &Snapshot, other: &Snapshot) {
    let matrices = (one.matrix(), other.matrix());
    assert_eq!(matrices.0.subjects(), matrices.1.subjects());
    assert_eq!(matrices.0.permissions(), matrices.1.permissions());
    for subject in (0..matrices.0.subjects() + 1).map(SubjectId::from_u32) {
        for permission in (0..matrices.0.permissions() + 1).map(PermissionId::from_u32) {
            let verdicts = (matrices.0.verdict(subject, permission), matrices.1.verdict(subject, permission));
            assert_eq!(verdicts.0, verdicts.1, "{subject:?} {permission:?}");
        }
    }
}
