//! `portcullis serve`: the decision server, upon a data folder or a workspace file.
//!
//! Whatever is served is loaded first; only then is the port bound, so that a connection that is accepted is answered. What it says of
//! itself while it runs goes to standard error as a log. It ends at SIGTERM or SIGINT, after it has answered what had begun.

mod log;
mod running;
mod store;

use std::net::{IpAddr, SocketAddr};

use clap::Args;

use self::running::Serving;
use super::admin::folder::FolderArgs;
use crate::args::FormatArgs;
use crate::exit::{Failure, Outcome};
use crate::output::Output;

/// Answer decisions over HTTP and gRPC: OpenID AuthZEN upon a data folder.
///
/// An empty folder is set up by whoever has the code that the first start shows. While it runs, the administrator's commands work on the
/// folder as ever, through the server.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis serve --data acme-data
  portcullis serve --data acme-data --listen 0.0.0.0:8080 --public-url https://pdp.acme.example")]
pub(crate) struct Serve {
    #[command(flatten)]
    folder: FolderArgs,
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
    #[command(flatten)]
    format: FormatArgs,
}

impl Serve {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let base = self.port.base()?;
        log::begin(self.port.format.is_json(), out);
        let opened = store::open(&self.folder, out)?;
        let serving = Serving { port: &self.port, base };
        store::serve(&self.folder, opened, &serving, out)
    }
}

impl PortArgs {
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
