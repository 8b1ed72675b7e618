//! What can go wrong with a store.

use std::fmt;
use std::path::PathBuf;

use crate::Id;

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has the data folder open.
    #[error("{} is in use by another process{}; stop it, or give this one a folder of its own", .folder.display(), By(*.process))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The number of that process, if it said so.
        process: Option<u32>,
    },
    /// The data were written by a newer version of this program.
    #[error(
        "{} has format {found}, and this version of portcullis knows formats up to {known}: nothing was changed; use the version that \
         wrote it, or a later one",
        .file.display()
    )]
    TooNew {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// There is no data folder, or no data in it.
    #[error("{} holds no data: `portcullis init` makes them", .0.display())]
    Missing(PathBuf),
    /// There are data already where new ones were to be made.
    #[error("{} holds data already: nothing was changed", .0.display())]
    Exists(PathBuf),
    /// What is in the file is not what a store writes.
    #[error("{} is damaged: {what}; restore a backup", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// What was to be restored is no backup, or not a whole one.
    #[error("{} is not a whole backup: {what}; nothing was restored", .file.display())]
    NoBackup {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// The disk, or what stands for it, failed.
    #[error("{doing}: {cause}")]
    Failed {
        /// What was under way.
        doing: String,
        /// What it failed of.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A change failed on its way to the disk, so the store takes none until it is opened anew.
    #[error("the store takes no changes since one failed on its way to the disk ({0}): open it again")]
    Closed(String),
    /// There is no such workspace.
    #[error("there is no workspace {0}")]
    NoWorkspace(Id),
    /// A name, or an id, is another row's.
    #[error("there is another {what} of that {part}")]
    Taken {
        /// What the other is.
        what: &'static str,
        /// What both would share.
        part: &'static str,
    },
    /// A value of the operator's realm is not the one that an edit was made of.
    #[error(
        "`{0}` is not what it was: somebody changed it meanwhile, and nothing was changed now; read it again"
    )]
    Moved(String),
    /// Something refers to what is not there, or what was to be removed is not there or still referred to.
    #[error("{0}")]
    Dangling(String),
}

/// The process that has a folder open, in parentheses.
struct By(Option<u32>);

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |process| write!(f, " (number {process})"))
    }
}

impl StoreError {
    /// A failure of whatever lies below.
    pub(crate) fn failed(
        doing: impl Into<String>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Failed { doing: doing.into(), cause: cause.into() }
    }
}
