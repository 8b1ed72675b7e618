//! A data folder with the workspace `acme` and its administrator, and commands run on it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Who administers the workspace.
pub(crate) const ADMIN: &str = "ann@acme.example";

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, having been done.
    #[track_caller]
    pub(crate) fn done(self) -> Ran {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }

    /// The secret of the last operation.
    #[track_caller]
    pub(crate) fn secret(&self) -> String {
        let (value, at) = (self.json(), self.json()["done"].as_array().map_or(0, Vec::len));
        let of_change = (at > 0).then(|| value["done"][at - 1]["secret"].clone());
        let secret = of_change.unwrap_or_else(|| value["secret"].clone());
        secret.as_str().unwrap_or_else(|| panic!("no secret in {}", self.out)).to_owned()
    }
}

/// A process that has a folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// One that takes commands.
    pub(crate) fn of(folder: &Path) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).env_remove("PORTCULLIS_KEY");
        Server::started(&mut command)
    }

    /// The same, as this command starts it.
    pub(crate) fn started(command: &mut Command) -> Server {
        let log = tempfile::NamedTempFile::new().unwrap();
        let said = log.reopen().unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn();
        let mut server = Server(child.unwrap());
        let until = Instant::now() + Duration::from_secs(30);
        // Signals are caught from then on, and commands are taken.
        while !fs::read_to_string(log.path()).unwrap().contains("listening") {
            let runs = server.0.try_wait().unwrap().is_none();
            assert!(runs && Instant::now() < until, "{}", fs::read_to_string(log.path()).unwrap());
            thread::sleep(Duration::from_millis(5));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let process = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// A folder, and the keys that were shown when it was made.
pub(crate) struct Desk {
    /// Ends before the folder goes.
    server: Option<Server>,
    folder: TempDir,
    pub(crate) key: String,
    pub(crate) operator: String,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Desk { server: None, folder, key: String::new(), operator: String::new() };
        let made = desk.without_key(&["init", "acme", "--admin", ADMIN, "--format", "json"]).done().json();
        desk.key = made["key"].as_str().unwrap().to_owned();
        desk.operator = made["operator_key"].as_str().unwrap().to_owned();
        if crate::SERVED {
            desk.server = Some(Server::of(&desk.data()));
        }
        desk
    }

    /// Ends the process that has the folder, if one has it: for who has it next.
    pub(crate) fn stop(&mut self) {
        self.server = None;
    }

    /// Whoever acts without a key: who says so, or who the system says it is where a server has to know.
    pub(crate) fn user(&self) -> String {
        if self.server.is_none() {
            return "operating".to_owned();
        }
        let said = Command::new("id").arg("-un").output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Saves a file beside the data folder, where commands are run.
    pub(crate) fn save(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command with the administrator's key.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.with(&self.key, arguments)
    }

    /// Runs a command with a key.
    pub(crate) fn with(&self, key: &str, arguments: &[&str]) -> Ran {
        self.command(Some(key), arguments, "")
    }

    /// Runs a command as a user of the machine.
    pub(crate) fn without_key(&self, arguments: &[&str]) -> Ran {
        self.command(None, arguments, "")
    }

    /// The JSON that a command prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--format", "json"]);
        self.run(&arguments).done().json()
    }

    pub(crate) fn command(&self, key: Option<&str>, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(arguments).current_dir(self.folder.path()).env("COLUMNS", "200");
        for name in ["PORTCULLIS_KEY", "PORTCULLIS_WORKSPACE", "LOGNAME"] {
            command.env_remove(name);
        }
        command.env("USER", "operating").env("PORTCULLIS_DATA", self.data());
        if let Some(key) = key {
            command.env("PORTCULLIS_KEY", key);
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // One that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Adds a role with one statement.
    pub(crate) fn role(&self, name: &str, actions: &str, resource: &str) {
        let file = format!("{name}.json");
        self.save(&file, &document(actions, resource));
        self.run(&["role", "add", name, &file]).done();
    }

    /// Adds a member with a role and a key that has all scopes; gives the key.
    pub(crate) fn member(&self, subject: &str, role: &str) -> String {
        self.run(&["member", "add", subject, "--role", role, "--type", "service"]).done();
        let name = format!("key of {subject}");
        let add = ["key", "add", "--member", subject, "--name", &name, "--scopes", "all", "--format", "json"];
        self.run(&add).done().secret()
    }

    /// Every file below the data folder, as bytes.
    pub(crate) fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(self.data()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

/// A policy document with one statement; actions and resource as JSON.
pub(crate) fn document(actions: &str, resource: &str) -> String {
    let statement = format!(r#"{{ "effect": "allow", "actions": {actions}, "resource": {resource} }}"#);
    format!("{{\n  \"version\": \"2022-04-26\",\n  \"policies\": [{statement}]\n}}\n")
}

/// Whether some bytes hold others.
pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A file of the repository's examples.
pub(crate) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/acme").join(name);
    fs::read_to_string(path).unwrap()
}
