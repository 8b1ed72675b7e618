//! What nobody sends who uses the commands: to a server, and to a client.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use portcullis_store::SqliteStore;
use serde_json::{Value, json};

use crate::desk::{Desk, Ran, holds};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A message as both sides send them.
fn message(letter: u8, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![letter];
    all.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    all.extend(bytes);
    all
}

/// The next message, or nothing when the other side has hung up.
fn next(stream: &mut UnixStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut bytes = vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize];
    stream.read_exact(&mut bytes).ok()?;
    Some((head[0], bytes))
}

/// A connection to the server of a desk that has been greeted.
fn connected(desk: &Desk) -> UnixStream {
    let mut stream = UnixStream::connect(desk.data().join("portcullis.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (letter, greeting) = next(&mut stream).unwrap();
    assert_eq!(letter, b'g', "{}", String::from_utf8_lossy(&greeting));
    let greeting: Value = serde_json::from_slice(&greeting).unwrap();
    assert_eq!(greeting, json!({ "protocol": 1, "version": VERSION }));
    stream
}

/// A request without inputs.
fn request(key: &str, arguments: &[&str]) -> Value {
    json!({
        "protocol": 1,
        "version": VERSION,
        "arguments": arguments,
        "key": key,
        "terminal": { "styled": false, "messages_styled": false, "width": 100 },
        "inputs": [],
    })
}

/// Sends bytes and gives what comes back: messages for people, then why it was refused or the exit status.
fn answered(desk: &Desk, bytes: &[u8]) -> String {
    let mut stream = connected(desk);
    // Who is refused at once need not be listened to.
    let _ = stream.write_all(bytes);
    let mut all = String::new();
    while let Some((letter, bytes)) = next(&mut stream) {
        match letter {
            b'x' => all.push_str(&format!("exit {}", bytes[0])),
            b'r' => all.push_str(&format!("refused: {}", String::from_utf8_lossy(&bytes))),
            _ => all.push_str(&String::from_utf8_lossy(&bytes)),
        }
    }
    all
}

fn asked(desk: &Desk, request: &Value) -> String {
    answered(desk, &message(b'q', request.to_string().as_bytes()))
}

#[test]
fn a_request_does_what_is_typed() {
    let desk = Desk::new();
    let done = asked(&desk, &request(&desk.key, &["group", "add", "ops"]));
    assert!(done.starts_with("added the group `ops`") && done.ends_with("exit 0"), "{done}");
    // The folder is the one that is served, whatever is said of it.
    let other = asked(&desk, &request(&desk.key, &["group", "list", "--data", "/nowhere"]));
    assert!(other.contains("ops") && other.ends_with("exit 0"), "{other}");
}

#[test]
fn a_path_that_a_client_names_is_not_opened() {
    let desk = Desk::new();
    let secret = desk.path("secret.json");
    fs::write(&secret, crate::desk::document(r#""read""#, r#""model""#)).unwrap();
    let path = secret.to_str().unwrap();
    let properties = format!("@{path}");
    for arguments in [
        &["role", "add", "x", path][..],
        &["batch", path],
        &["member", "import", path],
        &["member", "add", "x", "--properties", &properties],
        &["object", "import", path],
        &["rule", "add", "x", path],
        &["workspace", "set", "--schema", path],
        &["group", "list", "--key-file", path],
        &["invite", "accept", "--token-file", path],
        &["invite", "accept"],
        &["audit", "verify", "--head", path],
        &["key", "add", "--name", "x", "--policy", path],
    ] {
        let told = asked(&desk, &request(&desk.key, arguments));
        assert!(told.contains("it was not sent along to the server"), "{arguments:?}: {told}");
        assert!(told.ends_with("exit 2"), "{arguments:?}: {told}");
    }
    let import = ["workspace", "import", path, "--admin", "x"];
    let told = asked(&desk, &request(&desk.operator, &import));
    assert!(told.contains("it was not sent along"), "{told}");
    // Nor is one written: its text is given back.
    let target = desk.path("target.json");
    let told = asked(&desk, &request(&desk.key, &["workspace", "export", "--out", target.to_str().unwrap()]));
    assert!(told.contains(r#""workspace": "acme""#) && told.ends_with("exit 0"), "{told}");
    assert!(!target.exists());
}

#[test]
fn only_commands_on_the_folder_are_done() {
    let desk = Desk::new();
    for arguments in [
        &["check", "-w", "w.json", "a", "read", "sync"][..],
        &["lint", "/etc/hostname"],
        &["new", "somewhere"],
        &["init", "x", "--admin", "y"],
        &["backup", "there"],
        &["restore", "here"],
        &["serve"],
        &["man", "there"],
    ] {
        let told = asked(&desk, &request("", arguments));
        assert_eq!(told, "refused: no server does this command", "{arguments:?}");
    }
    // A backup is noted here and made elsewhere; without a server there is nothing to ask for that.
    let noted = asked(&desk, &request("", &["backup", "--note", "done", desk.path("x").to_str().unwrap()]));
    assert_eq!((noted.as_str(), desk.path("x").exists()), ("exit 0", false));
    for arguments in [&["group", "liszt"][..], &[], &["--version"]] {
        assert!(asked(&desk, &request("", arguments)).starts_with("refused: "), "{arguments:?}");
    }
    let typed = asked(&desk, &request("", &["key", "revoke", &desk.key]));
    assert_eq!(typed, "refused: an argument is the key of a member");
}

#[test]
fn what_is_no_request_is_refused_and_others_are_answered() {
    let desk = Desk::new();
    let good = request(&desk.key, &["group", "add", "x"]);
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        message(b'q', changed.to_string().as_bytes())
    };
    let huge = [b'q', 0xff, 0xff, 0xff, 0xff];
    let input = |length: u32| {
        let mut bytes = with("inputs", json!([{ "name": "-", "failed": null }]));
        bytes.push(b'c');
        bytes.extend(length.to_be_bytes());
        bytes
    };
    for (bytes, told) in [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), "a kind that is not known"),
        (huge.to_vec(), "at most"),
        (message(b'q', b"{}"), "missing field"),
        (message(b'q', "[".repeat(100_000).as_bytes()), "refused: the request cannot be read"),
        (message(b'q', &[0xff; 9]), "refused: the request cannot be read"),
        (message(b'c', b""), "out of turn"),
        (with("protocol", json!(2)), "another version"),
        (with("version", json!("0.0.0")), "another version"),
        (with("more", json!(1)), "unknown field"),
        (with("inputs", json!(vec![json!({ "name": "-", "failed": "no" }); 100_001])), "too many inputs"),
        (input(u32::MAX), "at most"),
        (input((64 << 20) + 1), "at most 67108864"),
    ] {
        let found = answered(&desk, &bytes);
        assert!(found.starts_with("refused: ") && found.contains(told), "{told}: {found}");
    }
    // Half a request, and nothing at all.
    let whole = message(b'q', good.to_string().as_bytes());
    let mut half = connected(&desk);
    half.write_all(&whole[..whole.len() - 1]).unwrap();
    drop(half);
    drop(connected(&desk));
    assert_eq!(desk.json(&["group", "list"]), json!([]), "none of it did anything");
    desk.run(&["group", "add", "ops"]).done();
}

#[test]
fn more_than_may_run_at_once_are_told_so() {
    let desk = Desk::new();
    let waiting: Vec<UnixStream> = (0..16).map(|_| connected(&desk)).collect();
    let busy = desk.run(&["group", "list"]);
    assert!(busy.status == 2 && busy.err.contains("16 commands are running already"), "{busy:?}");
    drop(waiting);
    let again = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(20));
        desk.run(&["group", "list"]).status == 0
    });
    assert!(again);
}

#[test]
fn a_server_that_stops_ends_what_it_has_begun() {
    let mut desk = Desk::new();
    let key = desk.key.clone();
    let mut stream = connected(&desk);
    let socket = desk.data().join("portcullis.sock");
    thread::scope(|scope| {
        let stopping = scope.spawn(|| desk.stop());
        while socket.exists() {
            thread::sleep(Duration::from_millis(5));
        }
        let add = request(&key, &["group", "add", "late"]).to_string();
        stream.write_all(&message(b'q', add.as_bytes())).unwrap();
        let mut last = None;
        while let Some(message) = next(&mut stream) {
            last = Some(message);
        }
        assert_eq!(last, Some((b'x', vec![0])));
        stopping.join().unwrap();
    });
    assert!(desk.run(&["group", "list"]).done().out.contains("late"));
}

/// Somebody who has the folder's lock and its socket and is no server: says this much, and gives what was said to it before it hung up.
fn impostor(folder: &Path, waits: bool, says: Vec<Vec<u8>>) -> JoinHandle<Vec<u8>> {
    let listener = UnixListener::bind(folder.join("portcullis.sock")).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = Vec::new();
        for (at, bytes) in says.iter().enumerate() {
            if at == 1 && waits {
                let (_, request) = next(&mut stream).unwrap();
                heard = request;
            }
            stream.write_all(bytes).unwrap();
        }
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.read_to_end(&mut heard).unwrap();
        heard
    })
}

/// What a command comes to in whose place such a one answers.
fn against(says: &[(u8, &[u8])], arguments: &[&str]) -> (Desk, Ran, Vec<u8>) {
    let mut desk = Desk::new();
    desk.stop();
    let _open = SqliteStore::open(desk.data()).unwrap();
    let messages: Vec<Vec<u8>> = says.iter().map(|(letter, bytes)| message(*letter, bytes)).collect();
    let heard = impostor(&desk.data(), messages.len() > 1, messages);
    let ran = desk.run(arguments);
    (desk, ran, heard.join().unwrap())
}

#[test]
fn to_another_version_nothing_is_said() {
    for greeting in [
        json!({ "protocol": 1, "version": "99.0.0", "more": true }),
        json!({ "protocol": 2, "version": VERSION }),
    ] {
        let (_, ran, heard) = against(&[(b'g', greeting.to_string().as_bytes())], &["group", "list"]);
        let version = greeting["version"].as_str().unwrap();
        let told = format!("the server of this folder is portcullis {version}, and this is {VERSION}");
        assert!(ran.status == 2 && ran.err.contains(&told), "{ran:?}");
        assert_eq!(heard, b"", "no key went there");
    }
}

#[test]
fn an_answer_that_breaks_off_is_none() {
    let greeting = json!({ "protocol": 1, "version": VERSION }).to_string();
    let greeting = (b'g', greeting.as_bytes());
    for (says, told) in [
        (&[greeting, (b'o', b"half a list\n".as_slice())][..], "it hung up"),
        (&[greeting, (b'x', b"\x07")], "an unknown exit status"),
        (&[greeting, (b'g', b"")], "out of turn"),
        (&[greeting, (b'?', b"")], "not known"),
    ] {
        let (desk, ran, heard) = against(says, &["group", "list"]);
        assert!(ran.status == 2 && ran.err.contains("did not answer to the end"), "{ran:?}");
        assert!(ran.err.contains(told) && ran.err.contains("whether it was done is not known"), "{ran:?}");
        assert_eq!(ran.out, "");
        assert!(holds(&heard, desk.key.as_bytes()), "this much had been said");
    }
}

#[test]
fn no_server_makes_a_client_write_a_file() {
    let greeting = json!({ "protocol": 1, "version": VERSION }).to_string();
    let says = [(b'g', greeting.as_bytes()), (b's', b"mine now".as_slice()), (b'x', b"\0")];
    let (_, ran, _) = against(&says, &["group", "list"]);
    assert!(ran.status == 2 && ran.err.contains("where none was asked for"), "{ran:?}");
    let (desk, ran, _) = against(&says, &["workspace", "export", "--out", "asked.json"]);
    assert_eq!((ran.status, fs::read_to_string(desk.path("asked.json")).unwrap().as_str()), (0, "mine now"));
}
