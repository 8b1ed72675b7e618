//! The command, started and ended, with what it says meanwhile.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The command, in a folder and without anything of the environment that it heeds.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(folder).env("TMPDIR", folder).env("COLUMNS", "200");
    for name in ["PORTCULLIS_KEY", "PORTCULLIS_WORKSPACE", "PORTCULLIS_DATA"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command that ends by itself.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// A folder with the sample workspace in it.
pub(crate) fn acme() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let acme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/acme");
    sandbox::copy(&acme, folder.path());
    folder
}

/// Makes a key in the keys file of a folder; gives its id and its secret.
pub(crate) fn new_key(folder: &Path, name: &str) -> (String, String) {
    let arguments = ["key", "new", "--offline", "--name", name, "--keys", "keys.json", "--format", "json"];
    let made = run(folder, &arguments);
    assert!(made.status.success(), "{made:?}");
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    let [id, secret] = ["id", "secret"].map(|name| made[name].as_str().unwrap().to_owned());
    (id, secret)
}

/// A server, until it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: String,
    lines: Receiver<String>,
    /// What it said so far.
    pub(crate) log: String,
}

impl Served {
    /// Starts one on a free port, and waits until it listens.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Served {
        let mut command = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || BufReader::new(stderr).lines().try_for_each(|line| sender.send(line.unwrap())));
        let mut served = Served { child, address: String::new(), lines, log: String::new() };
        let line = served.until("listening address=");
        let address = line.split("address=").nth(1).unwrap().split(' ').next().unwrap();
        served.address = address.to_owned();
        served
    }

    /// Waits for a line of the log that holds something, and gives it.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("waited for `{wanted}`; so far:\n{}", self.log));
            self.log.push_str(&line);
            self.log.push('\n');
            if line.contains(wanted) {
                return line;
            }
        }
    }

    /// Whatever it said until now.
    pub(crate) fn said(&mut self) -> &str {
        while let Ok(line) = self.lines.try_recv() {
            self.log.push_str(&line);
            self.log.push('\n');
        }
        &self.log
    }

    /// Ends it as whoever runs it would; gives its standard output and the rest of its log.
    pub(crate) fn stop(mut self) -> (String, String) {
        terminate(&self.child);
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert!(self.child.wait().unwrap().success());
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.log.push_str(&line);
            self.log.push('\n');
        }
        (printed, std::mem::take(&mut self.log))
    }

    /// Ends it without letting it do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What the system says of its memory, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident(&self, what: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    /// Reads standard output until something was printed.
    pub(crate) fn printed_until(&mut self, wanted: &str) -> String {
        let mut printed = String::new();
        let mut stdout = BufReader::new(self.child.stdout.as_mut().unwrap());
        while !printed.contains(wanted) {
            assert_ne!(stdout.read_line(&mut printed).unwrap(), 0, "{printed}");
        }
        printed
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            terminate(&self.child);
            let _ = self.child.wait();
        }
    }
}

fn terminate(child: &Child) {
    use nix::sys::signal::{Signal, kill};
    let _ = kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM);
}

/// Asks again and again until it is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < until, "it never came to {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Changes the text of a file.
#[track_caller]
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
}
