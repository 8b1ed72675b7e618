//! A data folder with workspaces, and the process that serves it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Asked, Client};

/// Who administers every workspace here.
pub(crate) const BOSS: &str = "boss@portcullis.example";

/// A folder that is served.
pub(crate) struct Gate {
    child: Child,
    folder: TempDir,
    operator: String,
    pub(crate) address: SocketAddr,
    /// Of the administrator of the first workspace.
    pub(crate) key: String,
}

impl Gate {
    /// With the workspace `first`, served with these arguments too.
    pub(crate) fn opened(more: &[&str]) -> Gate {
        let folder = tempfile::tempdir().unwrap();
        let made = run(&folder, None, &["init", "first", "--admin", BOSS]);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        let mut command = portcullis(&folder);
        command.args(["serve", "--listen", "127.0.0.1:0", "--format", "json"]).args(more);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let value: Value = serde_json::from_str(&line.unwrap()).unwrap();
            (value["message"] == "listening").then(|| value["address"].as_str().unwrap().parse().unwrap())
        });
        // A process whose log nobody reads would stop at some time.
        std::thread::spawn(move || lines.for_each(drop));
        Gate { address: address.unwrap(), key: text("key"), operator: text("operator_key"), child, folder }
    }

    /// Takes a workspace in, through the server; gives the key of its administrator.
    pub(crate) fn import(&self, workspace: &Value) -> String {
        let file = self.folder.path().join("workspace.json");
        fs::write(&file, workspace.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let made = run(&self.folder, Some(&self.operator), &["workspace", "import", file, "--admin", BOSS]);
        made["key"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address)
    }

    #[track_caller]
    pub(crate) fn ask(&self, asked: &Asked) -> Answer {
        self.client().ask(asked)
    }

    /// What the process has in memory, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Ends it as an administrator does, and says how that went.
    pub(crate) fn end(mut self) -> bool {
        self.terminate();
        self.child.wait().unwrap().success()
    }

    fn terminate(&self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.terminate();
        for _ in 0..200 {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn portcullis(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.current_dir(folder.path()).env("PORTCULLIS_DATA", folder.path().join("data"));
    for name in ["PORTCULLIS_KEY", "PORTCULLIS_WORKSPACE"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command, and gives what it prints as JSON.
#[track_caller]
fn run(folder: &TempDir, key: Option<&str>, arguments: &[&str]) -> Value {
    let mut command = portcullis(folder);
    command.args(arguments).args(["--format", "json"]);
    if let Some(key) = key {
        command.env("PORTCULLIS_KEY", key);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
