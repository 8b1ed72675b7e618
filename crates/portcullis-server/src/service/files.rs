//! Workspace files: out of a store, and into one.

use std::sync::Arc;

use portcullis::{Files, Source};
use portcullis_store::Id;

use super::{Call, Service, Setup};
use crate::Refusal;

impl Service {
    /// The workspace as a workspace file.
    ///
    /// # Errors
    /// When the caller may not read all of it, or a file cannot say it.
    pub fn export(&self, _call: &Call, _workspace: Id) -> Result<String, Refusal> {
        Err(Refusal::Invalid("not yet".to_owned()))
    }

    /// A new workspace out of a workspace file, with an administrator.
    ///
    /// # Errors
    /// When the file has faults, or there is a workspace of that name.
    pub fn import(
        &self,
        _user: &str,
        _source: &Arc<Source>,
        _files: &dyn Files,
        _admin: &str,
    ) -> Result<Setup, Refusal> {
        Err(Refusal::Invalid("not yet".to_owned()))
    }
}
