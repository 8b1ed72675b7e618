//! Why something was not done, as values that a transport gives its status and words.

use std::fmt;

use portcullis::text::{listed, quoted};
use portcullis::{PermissionName, Report, Severity};
use portcullis_store::StoreError;
use serde::Serialize;

use crate::operation::{Needs, Scope};
use crate::secret::holds_secret;

/// What somebody would have come to hold, and the actor does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Excess {
    /// Who: a member, `role NAME`, `group NAME`, `invitation EMAIL`, `whoever joins`.
    pub holder: String,
    /// `action resource`, in order; the first twenty.
    pub permissions: Vec<String>,
    /// How many there are.
    pub count: usize,
}

impl Excess {
    pub(crate) fn of(holder: String, permissions: &[PermissionName]) -> Excess {
        let words = permissions.iter().take(20).map(|one| format!("{} {}", one.action, one.resource));
        Excess { holder, permissions: words.collect(), count: permissions.len() }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = self.count.saturating_sub(self.permissions.len());
        write!(f, "{}: {}", self.holder, self.permissions.join(", "))?;
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

/// Why something was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No credential, or one that is unknown, revoked, expired, or of somebody who is suspended: which of these is not said.
    #[error("the credential is not valid")]
    Unauthenticated,
    /// The caller has no part in the workspace, or there is none: which of these is not said.
    #[error("there is no workspace {0}")]
    NoWorkspace(String),
    /// There is no such thing in the workspace.
    #[error("there is no {what} {}", quoted(.name))]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// By which name or id.
        name: String,
    },
    /// The member, or the key, lacks the permission.
    #[error("this needs {0}, which the credential does not hold")]
    Forbidden(Needs),
    /// The key lacks the scope.
    #[error("this needs a key with the scope `{0}`")]
    OutOfScope(Scope),
    /// It is not for this actor at all.
    #[error("{0}")]
    NotAllowed(String),
    /// Somebody would hold what the actor does not.
    #[error("nobody gives what they do not hold: {}", listed(.0.iter().map(ToString::to_string).collect::<Vec<_>>().iter().map(String::as_str), 5))]
    Excess(Vec<Excess>),
    /// Somebody would be reduced, or was to be changed, who holds what the actor does not.
    #[error("nobody changes who holds more than they do: {}", listed(.0.iter().map(ToString::to_string).collect::<Vec<_>>().iter().map(String::as_str), 5))]
    ReachingUp(Vec<Excess>),
    /// No administrator would be left.
    #[error(
        "no administrator would be left: one active member must keep `update` on both administration types, and a key without policy or expiry \
         that has all scopes"
    )]
    LastAdministrator,
    /// Standing rules would be broken.
    #[error("standing rules would be broken: {}", .0.join("; "))]
    RulesBroken(Vec<String>),
    /// Something else has that name, or is there already.
    #[error("{0}")]
    Conflict(String),
    /// What was edited is not what is there now.
    #[error(
        "{what} changed meanwhile: it has version {found}, and the change was made of version {expected}"
    )]
    Stale {
        /// What changed.
        what: String,
        /// The version that the caller knew.
        expected: u64,
        /// The version that is there.
        found: u64,
    },
    /// What was approved is not what would be done.
    #[error(
        "this is not what was previewed: its digest is {found}, and {expected} was approved; look at it again"
    )]
    OtherDigest {
        /// What the caller approved.
        expected: String,
        /// What would be done.
        found: String,
    },
    /// It is still referred to.
    #[error("{0}")]
    InUse(String),
    /// Texts with faults.
    #[error("{}", first(.0))]
    Faults(Report),
    /// A value that cannot be.
    #[error("{0}")]
    Invalid(String),
    /// More than is allowed.
    #[error("{count} {what} are more than the {limit} allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The token names no revision of this workspace.
    #[error("the token {} is of no revision of this workspace", quoted(.0))]
    UnknownRevision(String),
    /// A token that cannot be read.
    #[error("expected a revision token, `EPOCH.NUMBER`, found {}", quoted(.0))]
    MalformedToken(String),
    /// The store could not do it.
    #[error(transparent)]
    Store(StoreError),
    /// The system could not.
    #[error("{0}")]
    Outside(String),
}

/// The first error of a report, and how many there are.
fn first(report: &Report) -> String {
    let mut errors = report.iter().filter(|fault| fault.severity == Severity::Error);
    let Some(first) = errors.next() else { return "the text has faults".to_owned() };
    match errors.count() {
        0 => first.to_string(),
        more => format!("{first} (and {more} more)"),
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        match error {
            // Nothing failed: somebody was there first.
            StoreError::Taken { .. } => Refusal::Conflict(error.to_string()),
            error => Refusal::Store(error),
        }
    }
}

impl Refusal {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::Unauthenticated => "unauthenticated",
            Refusal::NoWorkspace(_) => "no-workspace",
            Refusal::NotFound { .. } => "not-found",
            Refusal::Forbidden(_) => "forbidden",
            Refusal::OutOfScope(_) => "out-of-scope",
            Refusal::NotAllowed(_) => "not-allowed",
            Refusal::Excess(_) => "excess",
            Refusal::ReachingUp(_) => "reaching-up",
            Refusal::LastAdministrator => "last-administrator",
            Refusal::RulesBroken(_) => "rules-broken",
            Refusal::Conflict(_) => "conflict",
            Refusal::Stale { .. } => "stale",
            Refusal::OtherDigest { .. } => "other-digest",
            Refusal::InUse(_) => "in-use",
            Refusal::Faults(_) => "faults",
            Refusal::Invalid(_) => "invalid",
            Refusal::TooMany { .. } => "too-many",
            Refusal::UnknownRevision(_) => "unknown-revision",
            Refusal::MalformedToken(_) => "malformed-token",
            Refusal::Store(_) => "store",
            Refusal::Outside(_) => "outside",
        }
    }

    pub(crate) fn not_found(what: &'static str, name: impl fmt::Display) -> Refusal {
        let name = name.to_string();
        // Somebody pasted it into the wrong place.
        Refusal::NotFound { what, name: if holds_secret(&name) { "(a secret)".to_owned() } else { name } }
    }
}

/// A change that was refused: because of which of its operations, if it was one, and why.
#[derive(Debug, thiserror::Error)]
pub struct Refused {
    /// The place of the operation, from 0.
    pub at: Option<usize>,
    /// Why.
    #[source]
    pub refusal: Refusal,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "operation {}: {}", at + 1, self.refusal),
            None => self.refusal.fmt(f),
        }
    }
}

impl<R: Into<Refusal>> From<R> for Refused {
    fn from(refusal: R) -> Refused {
        Refused { at: None, refusal: refusal.into() }
    }
}
