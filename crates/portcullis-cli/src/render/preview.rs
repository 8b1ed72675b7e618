//! What a change would do, for whoever is about to approve it.
//!
//! First what would be done; then who gains and loses what, members to whom the same happens together; then what stands against it, each with
//! its reason; last the digest that names all of this.

use std::collections::BTreeMap;
use std::io::{self, Write};

use portcullis::text::{counted, grouped, listed, printable};
use portcullis_server::{Excess, MemberPreview, Operation, Preview};

use super::intended::intended;
use crate::output::{BAD, GOOD, Output, STRONG};

/// So many groups of members are shown, and so many of the members of one.
const GROUPS: usize = 50;
const NAMES: usize = 10;
/// And so many operations.
const OPERATIONS: usize = 20;

/// What stands against a change, if anything does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Against {
    /// A rule of the gate, whatever the change is.
    pub(crate) forbidden: bool,
    /// Nobody would be left to administer the workspace, and somebody must be.
    pub(crate) unadministered: bool,
    /// Standing rules, which hold up everything but a revocation.
    pub(crate) rules: bool,
    /// It is not what was approved.
    pub(crate) other_digest: bool,
}

impl Against {
    /// Whether the change would be refused.
    pub(crate) fn is_any(self) -> bool {
        self.forbidden || self.unadministered || self.rules || self.other_digest
    }
}

/// Writes all of it.
pub(crate) fn write(
    preview: &Preview,
    operations: &[Operation],
    against: Against,
    out: &mut Output,
) -> io::Result<()> {
    for operation in operations.iter().take(OPERATIONS) {
        writeln!(out, "would {}", intended(operation))?;
    }
    if let more @ 1.. = operations.len().saturating_sub(OPERATIONS) {
        writeln!(out, "… {} operations in all", grouped(more + OPERATIONS))?;
    }
    preview.warnings.iter().for_each(|(_, report)| out.report(report));
    if preview.members.is_empty() {
        writeln!(out, "nobody gains or loses anything")?;
    }
    for group in preview.members.iter().take(GROUPS) {
        write_group(group, out)?;
    }
    if let more @ 1.. = preview.members.len().saturating_sub(GROUPS) {
        writeln!(out, "… and {} more groups of members", grouped(more))?;
    }
    let refused = out.paint(BAD, "refused");
    for (rule, cases) in [
        ("nobody gives what they do not hold", &preview.excess),
        ("nobody changes who holds more than they do", &preview.reaching_up),
    ] {
        if !cases.is_empty() {
            writeln!(out, "{refused}: {rule}")?;
            cases.iter().try_for_each(|one: &Excess| writeln!(out, "  {}", printable(&one.to_string())))?;
        }
    }
    if against.unadministered {
        writeln!(out, "{refused}: no administrator would be left")?;
    }
    if !preview.rules_broken.is_empty() {
        let word = if against.rules { refused.clone() } else { "not held up".to_owned() };
        writeln!(out, "{word}: standing rules would be broken")?;
        preview.rules_broken.iter().try_for_each(|rule| writeln!(out, "  {}", printable(rule)))?;
    }
    if against.other_digest {
        writeln!(out, "{refused}: this is not what was previewed")?;
    }
    writeln!(out, "digest {}", preview.digest)
}

fn write_group(group: &MemberPreview, out: &mut Output) -> io::Result<()> {
    let (count, gained) = (counted(group.members.len(), "member"), counted(group.gained.len(), "permission"));
    let names = listed(group.members.iter().map(String::as_str), NAMES);
    writeln!(out, "{count}: {gained} gained, {} lost: {names}", grouped(group.lost.len()))?;
    for (sign, style, permissions) in
        [("+", GOOD, &group.gained), ("-", BAD, &group.lost), ("?", STRONG, &group.conditional)]
    {
        for (resource, actions) in by_type(permissions) {
            let sign = out.paint(style, sign);
            writeln!(out, "  {sign} {}: {}", printable(resource), printable(&actions.join(", ")))?;
        }
    }
    Ok(())
}

/// `action resource` by the resource. Of an action whose name holds a blank, the rest stands before the type: both are there, and only for people.
fn by_type(permissions: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        let (action, resource) = permission.split_once(' ').unwrap_or((permission, ""));
        grouped.entry(resource).or_default().push(action);
    }
    grouped
}
