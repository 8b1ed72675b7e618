//! `portcullis serve`: keeps a data folder open and takes the administrator's commands for it.
//!
//! It ends when its standard input does, or when it is killed, which does no harm: what was acknowledged is on the disk, and the next one replaces
//! the socket that is left.

use std::io;
use std::sync::Arc;

use clap::Args;

use super::admin::folder::FolderArgs;
use super::admin::socket;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;

/// Take commands for a data folder until standard input ends.
#[derive(Args, Debug)]
#[command(hide = true)]
pub(crate) struct Serve {
    #[command(flatten)]
    folder: FolderArgs,
}

impl Serve {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let opened = self.folder.take()?;
        let (service, store) = (Arc::clone(&opened.service), Arc::clone(&opened.store));
        let listening = socket::listen(&self.folder.path(), service, store)
            .map_err(|error| Failure::said(format!("cannot take commands for the folder: {error}")))?;
        out.tell("commands are taken");
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        listening.stop();
        Ok(Exit::Clear)
    }
}
