//! `portcullis man`: the manual, one page a command, in the form that `man` reads.
//!
//! The pages are made from the same description that parses and helps. Pages of an earlier version are replaced; a file
//! that is no such page is nothing that this command may lose, and then nothing at all is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, bold, roman};
use portcullis::text::{printable, quoted};
use serde_json::json;

use crate::args::FormatArgs;
use crate::command::Cli;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::Output;

/// How every page of ours begins to say what it is.
const TITLE: &str = ".TH portcullis";
/// What makes an apostrophe one on every kind of roff, as the generator writes it.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Write the man pages, one a command, into a directory.
///
/// Makes DIR if there is none. Pages of another version of portcullis are replaced; when a file of such a name is
/// something else, nothing is written.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis man ~/.local/share/man/man1
  portcullis man pages && man -l pages/portcullis-lint.1")]
pub(crate) struct Man {
    /// The directory to write into
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

impl Man {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let mut root = Cli::command();
        root.build();
        let mut pages: Vec<(PathBuf, String)> = Vec::new();
        add_pages(&root, None, &self.directory, &mut pages)
            .map_err(|error| Failure::said(format!("cannot make the pages: {error}")))?;
        for (path, _) in &pages {
            spare(path)?;
        }
        fs::create_dir_all(&self.directory).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::AlreadyExists => "it is a file".to_owned(),
                _ => files::in_words_of_writing(&error),
            };
            failed("make", &self.directory, &why)
        })?;
        for (path, text) in &pages {
            files::replace(path, text)
                .map_err(|error| failed("write", path, &files::in_words_of_writing(&error)))?;
        }
        let written: Vec<String> = pages.iter().map(|(path, _)| files::shown(path)).collect();
        if self.format.is_json() {
            out.json(&json!({ "written": written }))?;
        } else {
            // The pages are the result; this is about them.
            written.iter().for_each(|path| out.tell(&format!("wrote {}", printable(path))));
        }
        Ok(Exit::Clear)
    }
}

fn failed(verb: &str, path: &Path, why: &str) -> Failure {
    Failure::said(format!("cannot {verb} {}: {why}", quoted(&files::shown(path))))
}

/// Refuses to go on when a file stands there that is no page of ours.
fn spare(path: &Path) -> Result<(), Failure> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // The directory itself is a file: making it says so.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(()),
        Err(error) => return Err(failed("replace", path, &files::in_words(&error))),
    };
    if text.lines().any(|line| line.starts_with(TITLE)) {
        return Ok(());
    }
    let message = format!("{} is there and is no page of portcullis", quoted(&files::shown(path)));
    Err(Failure::with_help(message, "move it away, or name another directory"))
}

/// The page of a command and those of the commands below it.
fn add_pages(
    command: &clap::Command,
    above: Option<&str>,
    directory: &Path,
    pages: &mut Vec<(PathBuf, String)>,
) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let below: Vec<&clap::Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    let mut neighbours: Vec<&str> = above.into_iter().collect();
    neighbours.extend(below.iter().filter_map(|sub| sub.get_display_name()));
    pages.push((directory.join(format!("{name}.1")), page(command, &neighbours)?));
    below.into_iter().try_for_each(|sub| add_pages(sub, Some(name), directory, pages))
}

/// One page. The sections that take knowledge of arguments come from the generator; the others are made here, since it runs the lines
/// of examples together and leaves out what short help does.
fn page(command: &clap::Command, neighbours: &[&str]) -> io::Result<String> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let told_at_length = |argument: clap::Arg| match (argument.get_long_help(), argument.get_help().cloned())
    {
        (None, Some(help)) => argument.long_help(help),
        _ => argument,
    };
    let page = Page::new(command.clone().mut_args(told_at_length));
    let mut text = Vec::new();
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (more, examples) = after.split_at(after.find("Example").unwrap_or(after.len()));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    prose(&format!("{}\n\n{more}", about.unwrap_or_default()), &mut roff);
    roff.to_writer(&mut text)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        page.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::new();
    if let Some((_, lines)) = examples.split_once('\n') {
        roff.control("SH", ["EXAMPLES"]);
        prose(lines, &mut roff);
    }
    if !neighbours.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        let mut line = Vec::new();
        for (index, name) in neighbours.iter().enumerate() {
            line.push(roman(if index == 0 { "" } else { ", " }));
            line.extend([bold(*name), roman("(1)")]);
        }
        roff.text(line);
    }
    roff.to_writer(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let version = env!("CARGO_PKG_VERSION");
    let mut whole = format!("{APOSTROPHE}.TH {name} 1 \"\" \"portcullis {version}\" \"Portcullis\"\n");
    // Every section begins with what one page needs once. Not every roff reads UTF-8, but all know this escape.
    for c in text.replace(APOSTROPHE, "").chars() {
        if c.is_ascii() {
            whole.push(c);
        } else {
            whole.push_str(&format!("\\[u{:04X}]", u32::from(c)));
        }
    }
    Ok(whole)
}

/// Paragraphs of help; lines that are indented stay lines.
fn prose(text: &str, roff: &mut Roff) {
    let mut kept = false;
    let mut begun = false;
    for line in text.trim_end().lines() {
        let keep = line.starts_with("  ");
        if keep != kept {
            roff.control(if keep { "nf" } else { "fi" }, []);
            kept = keep;
        }
        if line.trim().is_empty() {
            if begun {
                roff.control("PP", []);
            }
        } else {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            begun = true;
        }
    }
    if kept {
        roff.control("fi", []);
    }
}
