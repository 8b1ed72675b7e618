//! Who asks, and under which revision: what a transport holds while it answers one request.
//!
//! A [`Hearing`] pins one snapshot, so that one evaluation, one batch and one page are answered under one revision, which they name. It
//! also knows what its asker may ask: about itself whoever is a member, about others whoever may read the membership; and it applies the
//! narrowing of the asker's key to what is asked about itself. Transports put questions to it and to nothing else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use portcullis::matrix::{Permission, Subject};
use portcullis::{Question, Snapshot};
use portcullis_store::{Id, Millis};

use crate::Refusal;
use crate::operation::{Administered, Needs, Scope};
use crate::service::{Answered, Known};

/// What is in force in a workspace.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) id: Id,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    /// The token of the revision.
    pub(crate) token: Box<str>,
    /// Whether any role has conditions: what a request brings, and the time, matter to nothing else.
    pub(crate) has_conditions: bool,
    /// `read` on the administration types, of the workspace and of the membership: each request asks for them.
    reads: [Option<Permission>; 2],
    /// Whether something newer is in force.
    superseded: AtomicBool,
}

impl Published {
    pub(crate) fn new(id: Id, snapshot: Arc<Snapshot>, epoch: u64, revision: u64) -> Arc<Published> {
        let has_conditions = snapshot.roles().any(|role| !role.grants().conditions().is_empty());
        let schema = snapshot.schema();
        let types = schema.administration().map(|types| [&*types.workspace, &*types.membership]);
        let reads = types.map_or([None; 2], |types| types.map(|kind| snapshot.permission("read", kind).ok()));
        Arc::new(Published {
            reads,
            id,
            snapshot,
            epoch,
            revision,
            token: token(epoch, revision).into(),
            has_conditions,
            superseded: AtomicBool::new(false),
        })
    }

    /// The same once more: for when only who is let in has changed.
    pub(crate) fn again(&self) -> Arc<Published> {
        Published::new(self.id, Arc::clone(&self.snapshot), self.epoch, self.revision)
    }

    /// Notes that something newer is in force: for hearings that began before.
    pub(crate) fn supersede(&self) {
        self.superseded.store(true, Ordering::Release);
    }

    /// The number of the revision that a token names, which may be yet to come.
    pub(crate) fn read_token(&self, token: &str) -> Result<u64, Refusal> {
        let malformed = || Refusal::MalformedToken(token.to_owned());
        let (epoch, number) = token.split_once('.').ok_or_else(malformed)?;
        let is_epoch = epoch.len() == 16 && epoch.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_epoch || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let epoch = u64::from_str_radix(epoch, 16).map_err(|_| malformed())?;
        let number = number.parse().map_err(|_| malformed())?;
        if epoch == self.epoch { Ok(number) } else { Err(Refusal::UnknownRevision(token.to_owned())) }
    }
}

/// The token of a revision, as clients see it.
pub(crate) fn token(epoch: u64, revision: u64) -> String {
    format!("{epoch:016x}.{revision}")
}

/// One asker before one revision of one workspace.
#[derive(Clone, Debug)]
pub struct Hearing(Arc<Heard>);

/// A hearing that ends when nobody has it any more.
#[derive(Clone, Debug)]
pub(crate) struct Recalled(Weak<Heard>);

impl Recalled {
    /// The hearing, if it is there and still good.
    pub(crate) fn hearing(&self, now: impl FnOnce() -> Millis) -> Option<Hearing> {
        self.0.upgrade().map(Hearing).filter(|hearing| hearing.is_current(now))
    }
}

#[derive(Debug)]
struct Heard {
    published: Arc<Published>,
    /// Whoever asks, by its key; nobody in particular where a file is served, whose askers may ask about everyone.
    known: Option<Arc<Known>>,
    about_others: bool,
    reads_workspace: bool,
}

impl Hearing {
    /// Of a member, by a key whose every link is good, before what is in force. The subject is that of the member there.
    pub(crate) fn of_member(published: Arc<Published>, known: Arc<Known>, subject: Subject) -> Hearing {
        let reads = published.reads.map(|read| {
            let Some(permission) = read else { return false };
            // What is granted under conditions does not count, whatever they come to.
            let verdict = published.snapshot.matrix().verdict(subject.id(), permission.id());
            let left = known.left.as_ref().is_none_or(|left| {
                left.permissions() == published.snapshot.schema().permission_count()
                    && left.contains(permission.id())
            });
            verdict.is_allow() && left
        });
        let [reads_workspace, about_others] = reads;
        Hearing(Arc::new(Heard { published, known: Some(known), about_others, reads_workspace }))
    }

    /// Of somebody who may ask about everyone and read everything: whom a served file lets in.
    pub(crate) fn of_file(published: Arc<Published>) -> Hearing {
        Hearing(Arc::new(Heard { published, known: None, about_others: true, reads_workspace: true }))
    }

    /// Something by which this hearing can be found again as long as somebody has it.
    pub(crate) fn recalled(&self) -> Recalled {
        Recalled(Arc::downgrade(&self.0))
    }

    /// The compiled state that everything here is answered from.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.0.published.snapshot
    }

    /// The id of the workspace.
    #[must_use]
    pub fn workspace(&self) -> Id {
        self.0.published.id
    }

    /// The token of the revision, `EPOCH.NUMBER`.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.0.published.token
    }

    /// The number of the revision.
    #[must_use]
    pub fn revision_number(&self) -> u64 {
        self.0.published.revision
    }

    /// The number of the revision that a token names. It may be one that is yet to come.
    ///
    /// # Errors
    /// [`Refusal::MalformedToken`]; [`Refusal::UnknownRevision`] when it is of another epoch: of another workspace, or of this one before it was
    /// imported or restored.
    pub fn read_token(&self, token: &str) -> Result<u64, Refusal> {
        self.0.published.read_token(token)
    }

    /// Whether what is heard under is still in force, and the credential has not expired meanwhile.
    #[must_use]
    pub fn is_current(&self, now: impl FnOnce() -> Millis) -> bool {
        !self.0.published.superseded.load(Ordering::Acquire)
            && self.expires().is_none_or(|expires| now() < expires)
    }

    /// Whether any role has conditions. Where none has, neither what a request brings nor the time matters.
    #[must_use]
    pub fn has_conditions(&self) -> bool {
        self.0.published.has_conditions
    }

    /// The member who asks; nobody in particular before a served file.
    #[must_use]
    pub fn asker(&self) -> Option<&str> {
        self.0.known.as_deref().map(|known| &*known.subject)
    }

    /// When the credential stops being good by itself.
    #[must_use]
    pub fn expires(&self) -> Option<Millis> {
        self.0.known.as_ref().and_then(|known| known.expires)
    }

    /// Whether a question is about whoever asks it.
    #[must_use]
    pub fn is_own(&self, subject: &str) -> bool {
        self.asker() == Some(subject)
    }

    /// Whether the asker may read the workspace: statements, values, roles of others.
    #[must_use]
    pub fn reads_workspace(&self) -> bool {
        self.0.reads_workspace
    }

    /// Refuses whoever may ask about nobody but itself.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn may_ask_about_others(&self) -> Result<(), Refusal> {
        if self.0.about_others {
            return Ok(());
        }
        Err(Refusal::Forbidden(Needs { on: Administered::Membership, action: "read" }))
    }

    /// The question as far as its asker may put it: what it brings about a *subject* is heeded only from whoever may ask about others.
    ///
    /// # Errors
    /// As [`may_ask_about_others`](Self::may_ask_about_others), when it is about somebody else.
    pub fn heeded<'q>(&self, question: &Question<'q>) -> Result<Question<'q>, Refusal> {
        if self.0.about_others {
            return Ok(*question);
        }
        if !self.is_own(question.subject) {
            self.may_ask_about_others()?;
        }
        Ok(Question { subject_properties: None, ..*question })
    }

    /// Decides a question. What is asked about the asker itself is narrowed by its key: the weaker verdict counts.
    ///
    /// # Errors
    /// As [`heeded`](Self::heeded).
    pub fn decide(&self, question: &Question<'_>) -> Result<Answered, Refusal> {
        let question = self.heeded(question)?;
        let decision = self.snapshot().decide(&question);
        let narrowed =
            self.is_own(question.subject) && self.is_narrowed_away(question.action, question.resource);
        Ok(Answered { decision, narrowed })
    }

    /// Whether the asker's key takes a permission away from it. What a key's policy allows under conditions does not count.
    #[must_use]
    pub fn is_narrowed_away(&self, action: &str, resource: &str) -> bool {
        let Some(left) = self.0.known.as_ref().and_then(|known| known.left.as_ref()) else { return false };
        let schema = self.snapshot().schema();
        let permission = schema.permission(action, resource);
        left.permissions() != schema.permission_count()
            || !permission.is_ok_and(|permission| left.contains(permission.id()))
    }

    /// Refuses a key without a scope.
    pub(crate) fn within(self, scope: Scope) -> Result<Hearing, Refusal> {
        match &self.0.known {
            Some(known) if !known.scopes.contains(&scope) => Err(Refusal::OutOfScope(scope)),
            _ => Ok(self),
        }
    }
}
