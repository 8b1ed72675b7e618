//! Bounds on everything that comes from outside.
//!
//! Every limit has a default that honest input never meets, a name that its error message gives, and
//! a flag of the command line that raises it. A text over a limit is refused whole: cutting it off
//! would change what it means.

/// How much a reader or a compiler accepts. The defaults are those of the file formats' contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one policy document, schema or test suite: 1 MiB.
    pub document_bytes: usize,
    /// Bytes of one workspace file: 64 MiB.
    pub workspace_bytes: usize,
    /// How deep arrays and objects may nest: 64, and never more than [`DEEPEST`].
    pub nesting: usize,
    /// Statements of one document: 65,536.
    pub statements: usize,
    /// Names in one list: 65,536.
    pub list_names: usize,
    /// Distinct roles that one subject holds: 4,096.
    pub roles_per_subject: usize,
    /// Roles of a workspace, built-in ones included: 65,536.
    pub roles: usize,
    /// Permissions of a schema: 1,048,576.
    pub permissions: usize,
    /// Members of a workspace: 4,000,000.
    pub members: usize,
    /// Tests of one suite: 65,536.
    pub tests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            document_bytes: 1 << 20,
            workspace_bytes: 64 << 20,
            nesting: 64,
            statements: 65_536,
            list_names: 65_536,
            roles_per_subject: 4_096,
            roles: 65_536,
            permissions: 1 << 20,
            members: 4_000_000,
            tests: 65_536,
        }
    }
}

/// The deepest nesting that any limit allows. Writing a text back goes down it by recursion, and no text may
/// exhaust a stack, whatever the flags say.
pub const DEEPEST: usize = 512;

/// The longest name of a role, group, member, action or resource type, in bytes.
pub const NAME_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_no_lower_than_the_contract() {
        let limits = Limits::default();
        assert!(limits.document_bytes >= 1 << 20 && limits.workspace_bytes >= 64 << 20);
        assert!(limits.nesting >= 64 && limits.statements >= 65_536 && limits.list_names >= 65_536);
        assert!(limits.roles_per_subject >= 4_096 && limits.roles >= 65_536);
        assert!(limits.permissions >= 1_048_576 && limits.members >= 4_000_000);
    }
}
