//! `portcullis rule`: standing rules, which every change is held against.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use portcullis_server::{Bounds, Operation, Which};

use super::change::ChangeArgs;
use super::folder::ActingArgs;
use super::given;
use super::refused::{Trouble, settle};
use crate::exit::{Exit, Outcome};
use crate::output::Output;
use crate::render::list;

/// List, add, change and remove standing rules.
///
/// A rule is one object of the list `rules` in a file of rules, without its name; docs/rules.md describes them. A change that would break one is
/// refused. Changing or removing one needs the built-in role `admin`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis rule add \"only admins administer\" rule.json
  portcullis rule list")]
pub(crate) struct Rule {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the standing rules, by name
    #[command(after_help = "Example:\n  portcullis rule list")]
    List {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a standing rule
    #[command(after_help = "Example:\n  portcullis rule show \"only admins administer\"")]
    Show {
        /// Which, by name or id
        rule: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a standing rule
    #[command(after_help = "Example:\n  portcullis rule add \"only admins administer\" rule.json")]
    Add {
        /// Its name: what it is for
        name: String,
        /// The rule, as JSON; - is standard input
        file: PathBuf,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Put another rule in the place of one
    #[command(after_help = "Example:\n  portcullis rule set \"only admins administer\" rule.json")]
    Set {
        /// Which, by name or id
        rule: String,
        /// The rule, as JSON; - is standard input
        file: PathBuf,
        /// Refuse if the rule has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Remove a standing rule
    #[command(after_help = "Example:\n  portcullis rule remove \"only admins administer\"")]
    Remove {
        /// Which, by name or id
        rule: String,
        /// Refuse if the rule has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Rule {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let text = |file, out: &Output| given::text(out.around(), file, Bounds::default().rule_bytes);
        match &self.what {
            What::List { acting } => settle(list_all(acting, out), acting.format, out),
            What::Show { rule, acting } => settle(show(acting, rule, out), acting.format, out),
            What::Add { name, file, change, acting } => {
                let add = |out: &mut Output| {
                    let add = Operation::AddRule { name: name.clone(), rule: text(file, out)? };
                    acting.change(vec![add], change, out)
                };
                settle(add(out), acting.format, out)
            }
            What::Set { rule, file, version, change, acting } => {
                let set = |out: &mut Output| {
                    let (rule, text) = (Which(rule.clone()), text(file, out)?);
                    acting.change(vec![Operation::SetRule { rule, text, version: *version }], change, out)
                };
                settle(set(out), acting.format, out)
            }
            What::Remove { rule, version, change, acting } => {
                let remove = Operation::RemoveRule { rule: Which(rule.clone()), version: *version };
                settle(acting.change(vec![remove], change, out), acting.format, out)
            }
        }
    }
}

fn list_all(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("rule.list", out)?;
    let rules = session.service().rules(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&list::values(&rules)?)?;
        return Ok(Exit::Clear);
    }
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows: Vec<Vec<String>> =
        rules.into_iter().map(|one| vec![one.name, one_line(&one.rule), one.id.to_string()]).collect();
    list::table(out, &["name", "rule", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, rule: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("rule.show", out)?;
    let rule = session.service().rule(&session.call, session.workspace, &Which(rule.to_owned()))?;
    if acting.format.is_json() {
        out.json(&list::value(&rule)?)?;
        return Ok(Exit::Clear);
    }
    let one_line = rule.rule.split_whitespace().collect::<Vec<_>>().join(" ");
    list::pairs(
        out,
        &[
            ("name", rule.name),
            ("rule", one_line),
            ("version", rule.version.to_string()),
            ("id", rule.id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}
