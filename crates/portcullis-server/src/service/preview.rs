//! What a change would do, before it is done.

use portcullis::{Change as Difference, MemberChange, PermissionName, Report, diff_snapshots};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::commit::{Change, Tried};
use crate::Refusal;
use crate::refusal::Excess;

/// What a change would do, and what stands against it.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// Who would gain and lose what.
    pub members: Vec<MemberPreview>,
    /// What somebody would come to hold and the actor does not: the change would be refused.
    pub excess: Vec<Excess>,
    /// Who would be changed and holds more than the actor: the change would be refused.
    pub reaching_up: Vec<Excess>,
    /// Whether nobody would be left to administer the workspace: the change would be refused.
    pub no_administrator: bool,
    /// Standing rules that would be broken: the change would be refused, unless it is a revocation.
    pub rules_broken: Vec<String>,
    /// Warnings about texts, each with the place of its operation.
    #[serde(serialize_with = "in_words")]
    pub warnings: Vec<(usize, Report)>,
    /// Names what was seen here, so that a change can be held to it.
    pub digest: String,
}

/// What members would gain and lose, as `action resource`: the same for all of them.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MemberPreview {
    pub members: Vec<String>,
    pub gained: Vec<String>,
    pub lost: Vec<String>,
    /// What depends on conditions, before or after, and not on the same ones.
    pub conditional: Vec<String>,
}

/// Looks at what was tried.
pub(super) fn look(tried: &Tried<'_>, change: &Change) -> Result<Preview, Refusal> {
    let members = differences(tried);
    let warnings = tried.made.iter().enumerate().filter_map(|(at, made)| {
        let report = made.warnings.as_ref().filter(|report| !report.is_empty())?;
        Some((at, report.clone()))
    });
    Ok(Preview {
        digest: digest_of(tried, change, &members)?,
        excess: tried.judged.excess.clone(),
        reaching_up: tried.judged.reaching.clone(),
        no_administrator: !tried.administrated,
        rules_broken: tried.broken.clone(),
        warnings: warnings.collect(),
        members,
    })
}

/// What names a change and all that it would do.
pub(super) fn digest(tried: &Tried<'_>, change: &Change) -> Result<String, Refusal> {
    digest_of(tried, change, &differences(tried))
}

/// Each fault in a line of its own, with the place of its operation.
fn in_words<S: Serializer>(warnings: &[(usize, Report)], serializer: S) -> Result<S::Ok, S::Error> {
    let each =
        warnings.iter().flat_map(|(at, report)| report.iter().map(move |fault| (at, fault.to_string())));
    serializer.collect_seq(each)
}

fn differences(tried: &Tried<'_>) -> Vec<MemberPreview> {
    diff_snapshots(&tried.before, &tried.after).into_iter().map(told).collect()
}

fn told(one: MemberChange) -> MemberPreview {
    let words =
        |list: &[PermissionName]| list.iter().map(|one| format!("{} {}", one.action, one.resource)).collect();
    let Difference { gained, lost, conditional } = &one.change;
    let depending: Vec<PermissionName> = conditional.iter().map(|one| one.permission.clone()).collect();
    MemberPreview {
        gained: words(gained),
        lost: words(lost),
        conditional: words(&depending),
        members: one.members,
    }
}

fn digest_of(tried: &Tried<'_>, change: &Change, members: &[MemberPreview]) -> Result<String, Refusal> {
    let all = serde_json::to_vec(&(
        format!("{:016x}", tried.draft.state.workspace.epoch),
        &change.operations,
        members,
        &tried.broken,
    ));
    let all = all.map_err(|error| Refusal::Invalid(error.to_string()))?;
    Ok(Sha256::digest(&all).iter().map(|byte| format!("{byte:02x}")).collect())
}
