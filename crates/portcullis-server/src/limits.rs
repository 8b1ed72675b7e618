//! Bounds on everything that a tenant sends.

/// Bounds on what one workspace may hold and one call may bring. Every refusal for one names the bound.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Operations of one change.
    pub operations: usize,
    /// Bytes of one change, as JSON.
    pub change_bytes: usize,
    /// Bytes of one policy document.
    pub document_bytes: usize,
    /// Bytes of the properties of one member or object.
    pub properties_bytes: usize,
    /// Bytes of the text of one standing rule.
    pub rule_bytes: usize,
    /// Bytes of a note.
    pub note_bytes: usize,
    /// Keys of one member.
    pub keys_per_member: usize,
    /// Invitations that are pending.
    pub pending_invitations: usize,
    /// Standing rules.
    pub rules: usize,
    /// Groups.
    pub groups: usize,
    /// Versions of one role.
    pub versions: u64,
    /// Rows of one page of a list.
    pub page: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            operations: 10_000,
            change_bytes: 64 << 20,
            document_bytes: 1 << 20,
            properties_bytes: 64 << 10,
            rule_bytes: 64 << 10,
            note_bytes: 4 << 10,
            keys_per_member: 1_000,
            pending_invitations: 100_000,
            rules: 1_000,
            groups: 100_000,
            versions: 100_000,
            page: 1_000,
        }
    }
}
