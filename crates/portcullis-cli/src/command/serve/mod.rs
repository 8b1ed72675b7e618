//! `portcullis serve`: the decision server, upon a data folder, a workspace file, or a sample to look at.
//!
//! Whatever is served is loaded first; only then is the port bound, so that a connection that is accepted is answered. What it says of
//! itself while it runs goes to standard error as a log. It ends at SIGTERM or SIGINT, after it has answered what had begun.

mod demo;
mod file;
mod log;
mod memory;
mod running;
mod store;
mod temporary;

use std::net::{IpAddr, SocketAddr};

use clap::Args;
use portcullis_server::DoorBounds;

use self::file::FileArgs;
use self::running::Serving;
use super::admin::folder::FolderArgs;
use crate::args::FormatArgs;
use crate::exit::{Failure, Outcome};
use crate::output::Output;

/// Answer decisions over HTTP and gRPC, upon a data folder or a workspace file.
///
/// An empty folder is set up by whoever has the code that the first start shows. While it runs, the administrator's commands work on the
/// folder as ever, through the server. A workspace file is read again when it changes; while its newest version has errors, the last good
/// one is served.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis serve --demo
  portcullis serve --data acme-data
  portcullis serve --data acme-data --listen 0.0.0.0:8080 --public-url https://pdp.acme.example
  portcullis serve --workspace workspace.json --keys keys.json")]
pub(crate) struct Serve {
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    file: FileArgs,
    /// Serve a sample workspace that is gone in the end, and print what to try
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    port: PortArgs,
}

/// What every way of serving takes.
#[derive(Args, Debug)]
pub(crate) struct PortArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The address by which clients know the server, as its metadata say [default: http:// and the address it listens on]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Threads that answer [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Another bound on what strangers send and hold open, such as connections=4096; docs/server.md has the names
    #[arg(long = "bound", value_name = "NAME=N")]
    bounds: Vec<String>,
    #[command(flatten)]
    format: FormatArgs,
}

impl Serve {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (base, bounds) = (self.port.base()?, self.port.bounds()?);
        self.is_of_one_kind()?;
        let asked = self.file.asked(&self.port)?;
        log::begin(self.port.format.is_json(), out);
        let serving = Serving { port: &self.port, base, bounds };
        if self.demo {
            return demo::serve(&serving, out);
        }
        if let Some(asked) = asked {
            return file::serve(&asked, &serving);
        }
        let opened = store::open(&self.folder, out)?;
        store::serve(&self.folder, opened, &serving, out)
    }

    /// Refuses what belongs to two ways of serving.
    fn is_of_one_kind(&self) -> Result<(), Failure> {
        let kinds = [
            (self.demo, "--demo"),
            (self.file.is_typed(), "--workspace"),
            (self.folder.is_typed(), "--data"),
        ];
        let typed: Vec<&str> = kinds.iter().filter(|(typed, _)| *typed).map(|(_, flag)| *flag).collect();
        match typed.as_slice() {
            [one, other, ..] => {
                let message = format!("`{one}` and `{other}` were both given, and one thing is served");
                Err(Failure::with_help(
                    message,
                    "--data serves a folder, --workspace a file, --demo a sample of its own",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl PortArgs {
    /// The bounds, as far as others were typed.
    fn bounds(&self) -> Result<DoorBounds, Failure> {
        let mut bounds = DoorBounds::default();
        for typed in &self.bounds {
            let pair = typed.split_once('=').and_then(|(name, value)| Some((name, value.parse().ok()?)));
            let (name, value) = pair.ok_or_else(|| {
                let message =
                    format!("expected a bound as NAME=N, found {}", portcullis::text::quoted(typed));
                Failure::with_help(message, "N is a whole number: connections=4096, head-seconds=5")
            })?;
            bounds.set(name, value).map_err(Failure::said)?;
        }
        Ok(bounds)
    }

    /// The address that the metadata give, if one was typed.
    fn base(&self) -> Result<Option<String>, Failure> {
        let Some(url) = self.public_url.as_deref() else { return Ok(None) };
        let bad = |why: &str| {
            let message = format!("--public-url is {}, {why}", portcullis::text::quoted(url));
            Failure::with_help(
                message,
                "an address such as https://pdp.acme.example, with a path if there is one",
            )
        };
        let rest = match url.split_once("://") {
            Some(("https", rest)) => rest,
            Some(("http", rest)) if is_loopback(rest) => rest,
            Some(("http", _)) => return Err(bad("which is http: keys would be sent in the clear")),
            _ => return Err(bad("and not an address")),
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || rest.contains(['?', '#', '@', ' ']) {
            return Err(bad("which has a query, a fragment, a user or no host"));
        }
        Ok(Some(url.trim_end_matches('/').to_owned()))
    }
}

/// Whether what follows `://` is a host of this machine.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
