//! Asks a server the questions of a workload, and tells what that came to.
//!
//! This file knows the command line and nothing else.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_benches::arguments::{about, misuse, number, obey, unlike};
use portcullis_servers::Trouble;
use portcullis_servers::load::grpc::{self, Way};
use portcullis_servers::load::{Orders, http};
use portcullis_servers::workload::{self, Form};

const USAGE: &str = "load FOLDER ADDRESS singles|batches|singles-with-roles|batches-with-roles [options]
       load FOLDER ADDRESS stream|unary [options]

  FOLDER              what `prepare` wrote
  --connections N     16 unless said otherwise; of gRPC 4
  --seconds S         how long is timed, 4 unless said otherwise
  --warming S         how long before that is not, 1 unless said otherwise
  --key-file FILE     an API key, sent as `Authorization: Bearer`
  --constant          expect every decision to be an allow: of a bare server
  --streams N         of gRPC: streams, or unary calls at once, in all; 16 unless said otherwise
  --window N          of gRPC: questions under way in each stream; 128 unless said otherwise";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let [folder, address, what, options @ ..] = words else {
            return Err(unlike("load FOLDER ADDRESS singles|batches|stream|unary", words));
        };
        let form = Form::named(what);
        if form.is_none() && !["stream", "unary"].contains(what) {
            return Err(misuse(format!("expected singles, batches, stream or unary, found `{what}`")));
        }
        let address = address
            .parse()
            .map_err(|_| misuse(format!("expected an address such as 127.0.0.1:8080, found `{address}`")))?;
        let (seconds, warming) = (Duration::from_secs(4), Duration::from_secs(1));
        let connections = if form.is_some() { 16 } else { 4 };
        let mut orders = Orders { address, key: None, connections, seconds, warming, constant: false };
        let (mut streams, mut window) = (16, 128);
        let mut options = options.iter();
        while let Some(&option) = options.next() {
            if option == "--constant" {
                orders.constant = true;
                continue;
            }
            let word = options
                .next()
                .ok_or_else(|| misuse(format!("expected a value behind {option}, found nothing")))?;
            match option {
                "--connections" => orders.connections = number(option, word, 1..=20_000)?,
                "--seconds" => orders.seconds = seconds_of(option, word)?,
                "--warming" => orders.warming = seconds_of(option, word)?,
                "--key-file" => {
                    let key = fs::read_to_string(word).map_err(about(word))?;
                    orders.key = Some(key.trim().to_owned());
                }
                "--streams" => streams = number(option, word, 1..=10_000)?,
                "--window" => window = number(option, word, 1..=100_000)?,
                unknown => return Err(misuse(format!("expected an option, found `{unknown}`"))),
            }
        }
        let folder = Path::new(folder);
        let outcome = if let Some(form) = form {
            http::run(&orders, form, &workload::read(folder, form)?)?
        } else {
            let questions = workload::questions(&workload::read(folder, Form::Singles)?)?;
            let streamed = Way::Streams { streams, window };
            let way = if *what == "stream" { streamed } else { Way::Calls(streams) };
            grpc::run(&orders, way, &questions)?
        };
        print!("{outcome}");
        Ok(())
    })
}

fn seconds_of(option: &str, word: &str) -> Result<Duration, Trouble> {
    let found: Option<f64> = word.parse().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    let seconds = found.ok_or_else(|| {
        misuse(format!("expected {option} to be a number of seconds up to a day, found `{word}`"))
    })?;
    Ok(Duration::from_secs_f64(seconds))
}
