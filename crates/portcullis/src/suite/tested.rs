//! The workspace that a suite or a file of rules names, for whoever has that file and nothing else: a linter, an editor.
//!
//! The command line finds workspaces by itself, since a flag or the environment may name another and several suites
//! may share one.

use std::path::Path;
use std::sync::Arc;

use super::{Suite, Tested};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::source_from_bytes;
use crate::limits::Limits;
use crate::read::first_line;
use crate::snapshot::Snapshot;
use crate::source::{Source, Span};
use crate::text::quoted;
use crate::workspace::{FetchedFile, Files, Workspace};

/// The workspace of a suite that names none, beside the suite.
pub(super) const DEFAULT_FILE: &str = "workspace.json";

impl Suite {
    /// Compiles the workspace that the suite names, or says all that is wrong with it.
    pub(crate) fn compile_tested(
        &self,
        files: &dyn Files,
        limits: &Limits,
        report: &mut Report,
    ) -> Option<Snapshot> {
        let naming = Naming { tested: &self.tested, source: &self.source, span: self.span, what: "suite" };
        naming.compile(files, limits, report)
    }
}

/// A file that names a workspace.
pub(crate) struct Naming<'n> {
    pub(crate) tested: &'n Tested,
    pub(crate) source: &'n Arc<Source>,
    pub(crate) span: Span,
    /// What the file is called in messages.
    pub(crate) what: &'static str,
}

impl Naming<'_> {
    /// Compiles the workspace that is named, or says all that is wrong with it.
    pub(crate) fn compile(
        &self,
        files: &dyn Files,
        limits: &Limits,
        report: &mut Report,
    ) -> Option<Snapshot> {
        let compiled = match self.tested {
            Tested::Own(workspace) => workspace.compile(),
            Tested::File(_) | Tested::Unnamed => self.fetch(files, limits, report)?.compile(),
            Tested::Faulty => return None,
        };
        let (snapshot, more) = match compiled {
            Ok((snapshot, more)) => (Some(snapshot), more),
            Err(more) => (None, more),
        };
        report.append(more);
        snapshot
    }

    fn fetch(&self, files: &dyn Files, limits: &Limits, report: &mut Report) -> Option<Workspace> {
        let path = if let Tested::File(path) = self.tested { &path.text } else { DEFAULT_FILE };
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
        match self.tested {
            Tested::File(word) => {
                let fault = fault.at(self.source, word.span, "named here");
                fault.help(format!("the path is relative to the {}", self.what))
            }
            _ => {
                let span = first_line(self.source, self.span);
                let fault = fault.at(self.source, span, format!("this {} names no workspace", self.what));
                fault.help(format!("add `\"workspace\": \"PATH\"`, relative to the {}", self.what))
            }
        }
    }
}

/// The files that a fetched workspace names, which are relative to it and not to the suite.
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
