//! `portcullis new`: a sample workspace that lints clean and passes its tests, and what to type next.
//!
//! It only ever adds to nothing: a directory that holds anything is refused, and no file is overwritten.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis::text::{printable, quoted};
use serde_json::json;

use crate::args::FormatArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::{Output, STRONG};

/// The files of the sample, by their paths in it.
const SAMPLE: &[(&str, &str)] = &[
    ("workspace.json", include_str!("../../sample/workspace.json")),
    ("roles/campaign_manager.json", include_str!("../../sample/roles/campaign_manager.json")),
    ("roles/no_deletes.json", include_str!("../../sample/roles/no_deletes.json")),
    ("tests.json", include_str!("../../sample/tests.json")),
];

/// Write a sample workspace to start from.
///
/// Makes DIR if there is none; a directory that holds anything is refused.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  portcullis new my-workspace")]
pub(crate) struct New {
    /// The directory to make
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

impl New {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let shown = files::shown(&self.directory);
        let failed = |what: &str, error: &io::Error| {
            Failure::said(format!("cannot {what} {}: {}", quoted(&shown), files::in_words(error)))
        };
        match fs::read_dir(&self.directory).map(|mut entries| entries.next().is_some()) {
            Ok(true) => {
                let message = format!("{} is not empty", quoted(&shown));
                return Err(Failure::with_help(message, "name a directory that does not exist yet"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let message = format!("{} is a file", quoted(&shown));
                return Err(Failure::with_help(message, "name a directory that does not exist yet"));
            }
            Ok(false) | Err(_) => {}
        }
        for (path, text) in SAMPLE {
            write_new(&self.directory.join(path), text).map_err(|error| failed("write into", &error))?;
        }
        let file = |path: &str| format!("{}/{path}", shown.trim_end_matches('/'));
        let workspace = files::typed(Path::new(&file("workspace.json")));
        let tests = files::typed(Path::new(&file("tests.json")));
        let next = [
            format!("portcullis lint {workspace}"),
            format!("portcullis check -w {workspace} cleo@example.com update audience --explain"),
            format!("portcullis matrix -w {workspace} cleo@example.com"),
            format!("portcullis test {tests}"),
        ];
        let created: Vec<String> = SAMPLE.iter().map(|(path, _)| file(path)).collect();
        if self.format.is_json() {
            out.json(&json!({ "created": created, "next": next }))?;
        } else {
            let heading = out.paint(STRONG, "Created");
            writeln!(out, "{heading}")?;
            created.iter().try_for_each(|file| writeln!(out, "  {}", printable(file)))?;
            let heading = out.paint(STRONG, "Next");
            writeln!(out, "\n{heading}")?;
            next.iter().try_for_each(|command| writeln!(out, "  {}", printable(command)))?;
        }
        Ok(Exit::Clear)
    }
}

/// Writes a file that does not exist yet.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    File::create_new(path)?.write_all(text.as_bytes())
}
