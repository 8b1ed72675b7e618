//! docs/workspace.md, run; its table of limits against the limits, and its codes against all the codes there are.

use portcullis::Limits;
use portcullis::diagnostic::Code;
use portcullis::text::grouped;

use super::page::Page;
use super::sections;

static PAGE: Page = Page::new("workspace.md");

sections! {
    the_form_of_a_workspace = "The form of a workspace";
    missing_and_unknown_keys = "Missing and unknown keys";
    names = "Names";
    the_schema = "The schema";
    a_schema_in_a_file_of_its_own = "A schema in a file of its own";
    the_schema_itself = "The schema itself";
    who_administers = "Who administers";
    roles = "Roles";
    faults_in_documents = "Faults in documents";
    files_that_cannot_be_read = "Files that cannot be read";
    built_in_roles = "Built-in roles";
    members = "Members";
    the_default_role = "The default role";
    types_and_suspension = "Types and suspension";
    properties = "Properties";
    groups = "Groups";
    objects = "Objects";
}

#[test]
fn every_example_has_a_test() {
    PAGE.is_tested_by(TESTED);
}

#[test]
fn every_code_about_workspaces_is_mentioned() {
    let text = PAGE.text();
    for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("P03")) {
        assert!(text.contains(&format!("diagnostics/{code}.md")), "{code}");
    }
}

#[test]
fn the_limits_are_those_of_the_table() {
    let limits = Limits::default();
    let text = PAGE.text();
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("`--max-")).collect();
    let known = [
        ("workspace-bytes", limits.workspace_bytes),
        ("document-bytes", limits.document_bytes),
        ("nesting", limits.nesting),
        ("members", limits.members),
        ("roles", limits.roles),
        ("roles-per-subject", limits.roles_per_subject),
        ("statements", limits.statements),
        ("names", limits.list_names),
        ("permissions", limits.permissions),
    ];
    assert_eq!(rows.len(), known.len(), "{rows:#?}");
    for (flag, limit) in known {
        let ending = format!("| {} | `--max-{flag}` |", grouped(limit));
        assert!(rows.iter().any(|row| row.ends_with(&ending)), "no row ends in `{ending}`");
    }
}
