//! Files that are tied to a workspace: test suites and files of rules. What is the same of both stands here.
//!
//! Such a file is a list, and the workspace that its names are tied to: a path, the workspace itself, or nothing. [`read`]
//! reads that much, and the names in it; what an item of the list says is known to `suite` and `rules` alone, and so is
//! what the names come to.
//!
//! Compiling the workspace that a file names is for whoever has that file and nothing else: a linter, an editor. The
//! command line finds workspaces by itself, since a flag or the environment may name another and several suites may
//! share one.

mod read;

use std::path::Path;
use std::sync::Arc;

pub(crate) use read::{Form, TiedReader, key_of, read_text};

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::source_from_bytes;
use crate::limits::Limits;
use crate::read::first_line;
use crate::snapshot::Snapshot;
use crate::source::{Position, Source, Span};
use crate::text::quoted;
use crate::workspace::{FetchedFile, Files, Workspace};

/// The workspace of a file that names none, beside the file.
const DEFAULT_FILE: &str = "workspace.json";

/// A name in such a file, with its place.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: Box<str>,
    pub(crate) span: Span,
}

/// The workspace that a file is about, as the file has it.
#[derive(Clone, Debug)]
enum Meant {
    /// The file does not say.
    Unnamed,
    /// What the file says of it is at fault, and nobody knows which workspace is meant.
    Faulty,
    /// A path, relative to the file.
    File(Word),
    /// The workspace itself.
    Own(Box<Workspace>),
}

/// A file that is tied to a workspace, without its list.
#[derive(Clone, Debug)]
pub(crate) struct Tied {
    pub(crate) source: Arc<Source>,
    span: Span,
    meant: Meant,
    /// What the file is called in messages.
    briefly: &'static str,
}

impl Tied {
    /// The path of the workspace, as written: relative to the file.
    pub(crate) fn workspace_file(&self) -> Option<&str> {
        if let Meant::File(path) = &self.meant { Some(&path.text) } else { None }
    }

    /// The workspace that stands in the file itself.
    pub(crate) fn own_workspace(&self) -> Option<&Workspace> {
        if let Meant::Own(workspace) = &self.meant { Some(workspace) } else { None }
    }

    /// Line and column of a place in the file.
    pub(crate) fn position(&self, span: Span) -> Position {
        self.source.position(span.start)
    }

    /// Compiles the workspace that is named, or says all that is wrong with it.
    pub(crate) fn compile(
        &self,
        files: &dyn Files,
        limits: &Limits,
        report: &mut Report,
    ) -> Option<Snapshot> {
        let compiled = match &self.meant {
            Meant::Own(workspace) => workspace.compile(),
            Meant::File(_) | Meant::Unnamed => self.fetch(files, limits, report)?.compile(),
            Meant::Faulty => return None,
        };
        let (snapshot, more) = match compiled {
            Ok((snapshot, more)) => (Some(snapshot), more),
            Err(more) => (None, more),
        };
        report.append(more);
        snapshot
    }

    fn fetch(&self, files: &dyn Files, limits: &Limits, report: &mut Report) -> Option<Workspace> {
        let path = self.workspace_file().unwrap_or(DEFAULT_FILE);
        let fetched = match files.fetch(path, limits.workspace_bytes, "max-workspace-bytes") {
            Ok(fetched) => fetched,
            Err(why) => {
                report.push(self.unreadable(path, &why));
                return None;
            }
        };
        let beside = Beside { files, path };
        let read = source_from_bytes(&fetched.name, fetched.bytes)
            .and_then(|source| Workspace::read_within(&source, &beside, limits));
        match read {
            Ok((workspace, more)) => {
                report.append(more);
                Some(workspace)
            }
            Err(more) => {
                report.append(more);
                None
            }
        }
    }

    fn unreadable(&self, path: &str, why: &str) -> Diagnostic {
        let fault = Diagnostic::new(Code::UnreadableFile, format!("cannot read {}: {why}", quoted(path)));
        match &self.meant {
            Meant::File(word) => {
                let fault = fault.at(&self.source, word.span, "named here");
                fault.help(format!("the path is relative to the {}", self.briefly))
            }
            _ => {
                let span = first_line(&self.source, self.span);
                let fault = fault.at(&self.source, span, format!("this {} names no workspace", self.briefly));
                fault.help(format!("add `\"workspace\": \"PATH\"`, relative to the {}", self.briefly))
            }
        }
    }
}

/// The files that a fetched workspace names, which are relative to it and not to the file that names it.
struct Beside<'f> {
    files: &'f dyn Files,
    /// The workspace's own path.
    path: &'f str,
}

impl Files for Beside<'_> {
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String> {
        match self.path.rsplit_once('/') {
            Some((directory, _)) if !Path::new(path).is_absolute() => {
                self.files.fetch(&format!("{directory}/{path}"), most, flag)
            }
            _ => self.files.fetch(path, most, flag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named;

    impl Files for Named {
        fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
            Err(path.to_owned())
        }
    }

    #[test]
    fn what_a_workspace_names_is_relative_to_the_workspace() {
        let fetched = |workspace: &str, path: &str| {
            Beside { files: &Named, path: workspace }.fetch(path, 1, "flag").unwrap_err()
        };
        assert_eq!(fetched("workspace.json", "roles/r.json"), "roles/r.json");
        assert_eq!(fetched("../acme/workspace.json", "roles/r.json"), "../acme/roles/r.json");
        assert_eq!(fetched("/acme.json", "r.json"), "/r.json");
        let absolute = if cfg!(windows) { "C:\\r.json" } else { "/r.json" };
        assert_eq!(fetched("acme/workspace.json", absolute), absolute);
    }
}
