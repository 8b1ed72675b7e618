//! docs/language.md and docs/workspace.md, run: each rule's examples are read, asked and compared with what the page prints.
//!
//! A test a section, named after it, so that what fails says which rule no longer holds. How a section is run stands in `page`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and this one reads the page that it tests"
)]

#[path = "../markdown/mod.rs"]
mod markdown;
mod page;
mod workspace;

use page::Page;

static PAGE: Page = Page::new("language.md");

/// A test a section of the page `PAGE`, and `TESTED`, their headings.
macro_rules! sections {
    ($($name:ident = $heading:literal;)+) => {
        $(#[test]
        fn $name() {
            PAGE.run($heading);
        })+

        const TESTED: &[&str] = &[$($heading),+];
    };
}
use sections;

sections! {
    the_form_of_a_document = "The form of a document";
    rule_01_default_deny = "1. Default deny";
    rule_02_a_deny_overrides_every_allow = "2. A deny overrides every allow";
    rule_02_across_all_roles_of_a_member = "Across all roles of a member";
    rule_02_an_effect_is_required = "An effect is required";
    rule_03_names_lists_and_patterns = "3. Names, lists and patterns";
    rule_03_patterns_expand_over_own_names_not_aliases = "Patterns";
    rule_03_an_allow_that_selects_nothing_is_a_warning = "What selects nothing: an allow";
    rule_03_a_deny_that_selects_nothing_is_an_error = "What selects nothing: a deny";
    rule_04_the_wildcard = "4. The wildcard";
    rule_05_pairs_that_the_schema_does_not_admit = "5. Pairs that the schema does not admit";
    rule_05_a_statement_that_grants_nothing = "A statement that grants nothing";
    rule_05_a_deny_that_protects_nothing = "A deny that protects nothing";
    rule_06_unknown_names = "6. Unknown names and aliases";
    rule_06_aliases = "Aliases";
    rule_07_workspace_and_the_names_it_covers = "7. `workspace` and the names it covers";
    rule_07_covered_names_in_documents = "Covered names in documents";
    rule_07_a_name_has_one_meaning = "A name has one meaning";
    rule_08_the_vocabulary_of_hightouch = "8. The vocabulary of `hightouch`";
    rule_08_reserved_types = "Reserved types";
    rule_08_a_schema_of_your_own = "A schema of your own";
    rule_09_one_version = "9. One version, known keys, plain JSON";
    rule_09_unknown_and_duplicate_keys = "Unknown and duplicate keys";
    rule_09_what_is_pasted_from_web_pages = "What is pasted from web pages";
    rule_09_a_bare_statement = "A bare statement";
    rule_10_conditions_that_are_none = "10. Conditions";
    rule_10_an_allow_applies_only_when_true = "An allow with a condition";
    rule_10_a_deny_applies_unless_false = "A deny with a condition";
    rule_10_what_a_request_brings = "What a request brings";
    rule_10_empty_conditions = "Empty conditions";
    rule_10_references = "References";
    rule_10_operators = "Operators";
    rule_10_true_false_and_unknown = "True, false and unknown";
    rule_10_declared_attributes = "Declared attributes";
    rule_11_roles_groups_and_the_default_role = "11. Roles, groups and the default role";
    rule_11_built_in_roles = "Built-in roles";
    rule_12_who_is_not_a_member = "12. Who is not a member";
    rule_13_types_are_closed_object_ids_are_open = "13. Types are closed, object ids are open";
}

#[test]
fn every_example_has_a_test_and_every_rule_an_example() {
    PAGE.is_tested_by(TESTED);
    for rule in 1..=13 {
        let prefix = format!("{rule}. ");
        assert!(TESTED.iter().any(|heading| heading.starts_with(&prefix)), "rule {rule}");
    }
}
