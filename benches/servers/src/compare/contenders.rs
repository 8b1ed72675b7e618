//! How each server is started, and with what it is prepared.
//!
//! Portcullis is measured as it is installed: a data folder, made by its own commands, with an administrator's key that every request brings; and as
//! a sidecar on a workspace file, without keys. What cannot be had is left out, and said.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_benches::arguments::about;
use serde_json::Value;

use super::Plan;
use super::measures::{
    AXUM, AXUM_MIMALLOC, CERBOS, FOLDER, HYPER, HYPER_MIMALLOC, LARGE, LARGE_SIDECAR, Name, SIDECAR, TONIC,
    TONIC_MIMALLOC,
};
use super::server::{Server, free};
use crate::Trouble;
use crate::workload::cerbos;

/// The example that the demo serves.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/acme/workspace.json");

/// A server that is only looked at.
const DEMO_NAME: Name = "portcullis, sidecar, the example";

/// Where things are.
pub(super) struct Places<'p> {
    pub(super) plan: &'p Plan,
    pub(super) scratch: &'p Path,
    pub(super) small: &'p Path,
    pub(super) large: &'p Path,
}

impl Places<'_> {
    fn log(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{}.log", name.replace([' ', ','], "-")))
    }
}

/// A program that was built with this one.
pub(super) fn sibling(name: &str) -> Result<PathBuf, Trouble> {
    let own = std::env::current_exe()?;
    let found = own.with_file_name(name);
    let is_there = found.is_file();
    let missing = || format!("expected `{name}` beside `{}`; build all programs", own.display());
    is_there.then_some(found).ok_or_else(|| missing().into())
}

/// Starts everyone.
pub(super) fn start(places: &Places<'_>) -> Result<Vec<Server>, Trouble> {
    let mut running = Vec::new();
    for (name, program, which) in [
        (AXUM, "bare", "axum"),
        (AXUM_MIMALLOC, "bare-mimalloc", "axum"),
        (HYPER, "bare", "hyper"),
        (HYPER_MIMALLOC, "bare-mimalloc", "hyper"),
        (TONIC, "bare", "grpc"),
        (TONIC_MIMALLOC, "bare-mimalloc", "grpc"),
    ] {
        let address = free()?;
        let mut command = Command::new(sibling(program)?);
        command.args([which, &address.to_string()]);
        let mut server = Server::start(name, &mut command, address, &places.log(name))?;
        server.constant = true;
        running.push(server);
    }
    match &places.plan.portcullis {
        Some(program) => match serves(program) {
            Some(help) => portcullis(program, &help, places, &mut running)?,
            None => eprintln!("left out: `{} serve` is no command", program.display()),
        },
        None => eprintln!("left out: portcullis, as no program was named"),
    }
    match &places.plan.cerbos {
        Some(program) => running.push(start_cerbos(program, places)?),
        None => eprintln!("left out: Cerbos, as no program was named"),
    }
    Ok(running)
}

/// What a program says of how it serves; none where it does not.
fn serves(program: &Path) -> Option<String> {
    let done = Command::new(program).args(["serve", "--help"]).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

fn portcullis(
    program: &Path,
    help: &str,
    places: &Places<'_>,
    running: &mut Vec<Server>,
) -> Result<(), Trouble> {
    for (name, workload) in [(FOLDER, places.small), (LARGE, places.large)] {
        eprintln!("preparing the data folder of {name}");
        let (data, key) = folder(program, workload)?;
        let serve = |command: &mut Command, address: SocketAddr| {
            command.arg("serve").arg("--data").arg(&data).args(["--listen", &address.to_string()]);
        };
        let mut server = launch(name, program, places, serve)?;
        server.key = Some(key);
        running.push(server);
    }
    if !help.contains("--workspace") {
        eprintln!("left out: the sidecar, as `serve` knows no --workspace");
        return Ok(());
    }
    let sidecars = [
        (SIDECAR, places.small.join("workspace.json")),
        (LARGE_SIDECAR, places.large.join("workspace.json")),
    ];
    for (name, file) in sidecars.into_iter().chain([(DEMO_NAME, PathBuf::from(DEMO))]) {
        let serve = |command: &mut Command, address: SocketAddr| {
            command.arg("serve").arg("--workspace").arg(&file).arg("--insecure-no-auth");
            command.args(["--listen", &address.to_string()]);
        };
        running.push(launch(name, program, places, serve)?);
    }
    Ok(())
}

fn launch(
    name: Name,
    program: &Path,
    places: &Places<'_>,
    serve: impl FnOnce(&mut Command, SocketAddr),
) -> Result<Server, Trouble> {
    let address = free()?;
    let mut command = Command::new(program);
    // What this shell happens to know of another folder or key is nothing to these.
    command.env_remove("PORTCULLIS_KEY").env_remove("PORTCULLIS_DATA");
    serve(&mut command, address);
    Server::start(name, &mut command, address, &places.log(name))
}

/// Makes a data folder out of a workload's workspace; the folder, and the file with an administrator's key.
fn folder(program: &Path, workload: &Path) -> Result<(PathBuf, PathBuf), Trouble> {
    let data = workload.join("data");
    let told = |words: &[&str], files: &[(&str, &Path)]| -> Result<Value, Trouble> {
        let mut command = Command::new(program);
        command.args(words).args(["--format", "json", "--data"]).arg(&data);
        command.env_remove("PORTCULLIS_KEY").env_remove("PORTCULLIS_DATA");
        for (option, file) in files {
            if !option.is_empty() {
                command.arg(option);
            }
            command.arg(file);
        }
        let done = command.output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            return Err(format!("`portcullis {}` failed: {said}", words.join(" ")).into());
        }
        Ok(serde_json::from_slice(&done.stdout)?)
    };
    let keep = |told: &Value, key: &str, file: &str| -> Result<PathBuf, Trouble> {
        let secret = told.get(key).and_then(Value::as_str);
        let secret = secret.ok_or_else(|| format!("expected `{key}` in what was told, found none"))?;
        let file = workload.join(file);
        fs::write(&file, secret).map_err(about(&file))?;
        Ok(file)
    };
    let set_up = told(&["init", "first", "--admin", "ops@acme.example"], &[])?;
    let operator = keep(&set_up, "operator_key", "operator.key")?;
    let file = workload.join("workspace.json");
    let imported = told(
        &["workspace", "import", "--admin", "ann@acme.example"],
        &[("--key-file", &operator), ("", &file)],
    )?;
    Ok((data, keep(&imported, "key", "ann.key")?))
}

fn start_cerbos(program: &Path, places: &Places<'_>) -> Result<Server, Trouble> {
    let (http, grpc) = (free()?, free()?);
    let file = places.scratch.join("cerbos.json");
    cerbos::configure(&file, &places.small.join("cerbos/policies"), http.port(), grpc.port())?;
    let mut command = Command::new(program);
    command.arg("server").arg("--config").arg(&file).args(["--log-level", "warn"]);
    Server::start(CERBOS, &mut command, http, &places.log(CERBOS))
}

/// What a program says of its version, its first line.
pub(super) fn version(program: &Path) -> Option<String> {
    let said = Command::new(program).arg("--version").output().ok()?;
    String::from_utf8(said.stdout).ok()?.lines().next().map(str::to_owned)
}
