//! What people and programs read: diagnostics, explanations, grids.
//!
//! The library's values come in, text goes out. Names and texts that outsiders wrote pass through the library's
//! `text` on their way to a person, so that none of them can move the cursor, hide anything or turn it around.

pub(crate) mod condition;
pub(crate) mod conditional;
pub(crate) mod excerpt;
pub(crate) mod explanation;
pub(crate) mod founding;
pub(crate) mod human;
pub(crate) mod intended;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod list;
pub(crate) mod made;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod rules;
pub(crate) mod rules_json;
pub(crate) mod sarif;
pub(crate) mod statement;
pub(crate) mod suite;
pub(crate) mod suite_json;
pub(crate) mod table;
