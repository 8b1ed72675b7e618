//! Bare servers: what HTTP and JSON cost by themselves, or gRPC, in the way in which people write such servers.
//!
//! Each reads the whole request into the structs that one would derive for it, looks at nothing, and allows: a constant of the right shape, as
//! many decisions as were asked for. No log, no metrics, no credential. A request that is not JSON of that shape is 400. `axum` runs as
//! `#[tokio::main]` has it, on one worker a core that share their work; `hyper` on one runtime a core, which share nothing; `grpc` is tonic.
//! Which allocator they use is settled by the program that calls [`main`]: `bare` takes the system's, `bare-mimalloc` mimalloc.

mod axum;
mod body;
mod grpc;
mod hyper;

#[cfg(test)]
pub(crate) use grpc::proto;

use std::net::SocketAddr;
use std::process::ExitCode;

use portcullis_benches::arguments::{misuse, obey, unlike};

use crate::Trouble;

const USAGE: &str = "bare axum|hyper|grpc ADDRESS

  answers POST /access/v1/evaluation and /access/v1/evaluations, or portcullis.v1.Decisions, until it is ended";

/// What the programs do.
pub fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        [which, address] => {
            let address: SocketAddr = address.parse().map_err(|_| {
                misuse(format!("expected an address such as 127.0.0.1:8080, found `{address}`"))
            })?;
            serve(which, address)
        }
        words => Err(unlike("bare axum|hyper|grpc ADDRESS", words)),
    })
}

fn serve(which: &str, address: SocketAddr) -> Result<(), Trouble> {
    match which {
        "axum" => shared()?.block_on(axum::serve(address)),
        "grpc" => shared()?.block_on(grpc::serve(address)),
        "hyper" => hyper::serve(address),
        other => Err(misuse(format!("expected axum, hyper or grpc, found `{other}`"))),
    }
}

/// The runtime that `#[tokio::main]` makes.
fn shared() -> Result<tokio::runtime::Runtime, Trouble> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
