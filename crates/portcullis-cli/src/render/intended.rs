//! What an operation would do, after the word *would*: for whoever tries it out first.
//!
//! What was done is told elsewhere, in the past tense and with the ids that were drawn. Here nothing was, so there is neither an id nor a secret.

use portcullis::text::{counted, quoted};
use portcullis_server::{Operation, Which};

/// One operation in the infinitive.
pub(crate) fn intended(operation: &Operation) -> String {
    use Operation as Op;
    let name = |which: &Which| quoted(&which.0);
    let object = |kind: &str, id: &str| quoted(&format!("{kind}/{id}"));
    match operation {
        Op::AddMember { subject, .. } => format!("add the member {}", quoted(subject)),
        Op::SetMemberRole { member, role, .. } => format!("give {} the role {}", name(member), name(role)),
        Op::SetMemberProperties { member, .. } => format!("set the properties of {}", name(member)),
        Op::SuspendMember { member } => format!("suspend {}", name(member)),
        Op::ReactivateMember { member } => format!("reactivate {}", name(member)),
        Op::RemoveMember { member, .. } => format!("remove the member {}", name(member)),
        Op::AddGroup { name } => format!("add the group {}", quoted(name)),
        Op::RenameGroup { group, name: new, .. } => {
            format!("rename the group {} to {}", name(group), quoted(new))
        }
        Op::RemoveGroup { group, .. } => format!("remove the group {}", name(group)),
        Op::AddToGroup { group, member } => format!("put {} into the group {}", name(member), name(group)),
        Op::RemoveFromGroup { group, member } => {
            format!("take {} out of the group {}", name(member), name(group))
        }
        Op::GiveGroupRole { group, role } => {
            format!("give the group {} the role {}", name(group), name(role))
        }
        Op::TakeGroupRole { group, role } => {
            format!("take the role {} from the group {}", name(role), name(group))
        }
        Op::AddRole { name, .. } => format!("add the role {}", quoted(name)),
        Op::SaveRole { role, .. } => format!("save the role {}", name(role)),
        Op::RollBackRole { role, number, .. } => format!("roll {} back to version {number}", name(role)),
        Op::RemoveRole { role, .. } => format!("remove the role {}", name(role)),
        Op::SetDefaultRole { role } => format!("make {} the default role", name(role)),
        Op::RenameWorkspace { name } => format!("call the workspace {}", quoted(name)),
        Op::SetSchema { .. } => "set the schema".to_owned(),
        Op::SetInvitationDays { days } => {
            format!("make invitations good for {}", counted(*days as usize, "day"))
        }
        Op::Invite { email, .. } => format!("invite {}", quoted(email)),
        Op::CancelInvitation { invitation } => format!("cancel the invitation {}", name(invitation)),
        Op::ResendInvitation { invitation } => {
            format!("renew the invitation {}, whose former token would be dead", name(invitation))
        }
        Op::AddKey { name, .. } => format!("add the key {}, and show it", quoted(name)),
        Op::RevokeKey { key } => {
            format!("revoke the key {}, and those that were made through it", name(key))
        }
        Op::PutObject { kind, id, .. } => format!("put {}", object(kind, id)),
        Op::RemoveObject { kind, id, .. } => format!("remove {}", object(kind, id)),
        Op::AddRule { name, .. } => format!("add the standing rule {}", quoted(name)),
        Op::SetRule { rule, .. } => format!("change the standing rule {}", name(rule)),
        Op::RemoveRule { rule, .. } => format!("remove the standing rule {}", name(rule)),
    }
}
