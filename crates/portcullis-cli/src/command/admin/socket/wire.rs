//! What goes over the socket: messages of a letter, a length and so many bytes.
//!
//! The server greets with its version, as JSON; the client sends its request, as JSON, and after it the contents of the inputs that the request
//! lists, each in a message; the server answers in pieces of output and ends with the exit status. Only equal versions of portcullis talk
//! to each other, as what is typed means what that version says. So the greeting is the one message whose form must stay. Lengths
//! are bounded before anything is read, and memory is taken as bytes arrive. A request holds keys: it has no `Debug`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use serde::{Deserialize, Serialize};

use super::super::around::{Input, MOST};
use crate::output::Terminal;

/// Counts the changes of what goes over the socket.
pub(super) const PROTOCOL: u32 = 1;
/// The version of portcullis.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of a greeting.
pub(super) const GREETING_MOST: usize = 4 << 10;
/// Bytes of a request without its contents: what was typed, the names of inputs, a key.
const REQUEST_MOST: usize = 32 << 20;
/// Inputs of a request.
const INPUTS_MOST: usize = 100_000;
/// Bytes of an answer.
pub(super) const ANSWER_MOST: usize = 1 << 30;
/// Bytes of one piece of output.
pub(super) const PIECE_MOST: usize = 1 << 20;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server's versions.
    Greeting,
    /// What is asked for.
    Request,
    /// The content of an input.
    Content,
    /// For standard output.
    Results,
    /// For standard error.
    Messages,
    /// The text of the file that the command is to write.
    Save,
    /// The exit status; nothing comes after it.
    Exit,
    /// Why nothing was done; nothing comes after it.
    Refusal,
}

/// Kinds with their letters.
const LETTERS: [(Kind, u8); 8] = [
    (Kind::Greeting, b'g'),
    (Kind::Request, b'q'),
    (Kind::Content, b'c'),
    (Kind::Results, b'o'),
    (Kind::Messages, b'e'),
    (Kind::Save, b's'),
    (Kind::Exit, b'x'),
    (Kind::Refusal, b'r'),
];

/// Sends a message.
pub(super) fn send(to: &mut impl Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let letter = LETTERS.iter().find(|(one, _)| *one == kind).map_or(0, |(_, letter)| *letter);
    let length = u32::try_from(bytes.len()).map_err(|_| odd("a message of more than 4 GiB"))?;
    let [a, b, c, d] = length.to_be_bytes();
    to.write_all(&[letter, a, b, c, d])?;
    to.write_all(bytes)
}

/// The next message, of at most so many bytes.
pub(super) fn receive(from: &mut impl Read, most: usize) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [letter, a, b, c, d] = head;
    let kind = LETTERS.iter().find(|(_, one)| *one == letter).map(|(kind, _)| *kind);
    let kind = kind.ok_or_else(|| odd("a message of a kind that is not known"))?;
    let length = u32::from_be_bytes([a, b, c, d]);
    if length as usize > most {
        return Err(odd(&format!("a message of {length} bytes where at most {most} can be")));
    }
    let mut bytes = Vec::new();
    from.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((kind, bytes))
}

/// The same where only one kind can be.
pub(super) fn expect(from: &mut impl Read, kind: Kind, most: usize) -> io::Result<Vec<u8>> {
    match receive(from, most)? {
        (found, bytes) if found == kind => Ok(bytes),
        _ => Err(odd("a message out of turn")),
    }
}

/// What is not what either side sends.
pub(super) fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Versions. What else a greeting holds one day is passed over.
#[derive(Serialize, Deserialize)]
pub(super) struct Greeting {
    pub(super) protocol: u32,
    pub(super) version: String,
}

impl Greeting {
    pub(super) fn own() -> Greeting {
        Greeting { protocol: PROTOCOL, version: VERSION.to_owned() }
    }

    /// Whether who says so can be talked to.
    pub(super) fn is_own(&self) -> bool {
        self.protocol == PROTOCOL && self.version == VERSION
    }
}

/// A name or an argument; one that is no Unicode as its bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Typed {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<OsString> for Typed {
    fn from(typed: OsString) -> Typed {
        typed.into_string().map_or_else(|typed| Typed::Bytes(typed.as_bytes().to_vec()), Typed::Text)
    }
}

impl From<Typed> for OsString {
    fn from(typed: Typed) -> OsString {
        match typed {
            Typed::Text(text) => text.into(),
            Typed::Bytes(bytes) => OsString::from_vec(bytes),
        }
    }
}

/// What is said of an input before its content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: Typed,
    /// Why there is none.
    failed: Option<String>,
}

/// A request as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    protocol: u32,
    version: String,
    arguments: Vec<Typed>,
    key: Option<String>,
    terminal: Terminal,
    inputs: Vec<Head>,
}

/// What a client wants done.
pub(super) struct Request {
    /// What was typed after the program's name.
    pub(super) arguments: Vec<OsString>,
    pub(super) key: Option<String>,
    pub(super) terminal: Terminal,
    pub(super) inputs: Vec<Input>,
}

impl Request {
    pub(super) fn send(self, to: &mut impl Write) -> io::Result<()> {
        let mut contents = Vec::new();
        let mut head = |input: Input| {
            let failed = input.content.map(|content| contents.push(content)).err();
            Head { name: input.name.into(), failed }
        };
        let form = Form {
            protocol: PROTOCOL,
            version: VERSION.to_owned(),
            arguments: self.arguments.into_iter().map(Typed::from).collect(),
            key: self.key,
            terminal: self.terminal,
            inputs: self.inputs.into_iter().map(&mut head).collect(),
        };
        send(to, Kind::Request, &serde_json::to_vec(&form)?)?;
        contents.iter().try_for_each(|content| send(to, Kind::Content, content))
    }

    pub(super) fn receive(from: &mut impl Read) -> io::Result<Request> {
        let bytes = expect(from, Kind::Request, REQUEST_MOST)?;
        let form: Form = serde_json::from_slice(&bytes)?;
        if form.protocol != PROTOCOL || form.version != VERSION {
            return Err(odd("a request of another version"));
        }
        if form.inputs.len() > INPUTS_MOST {
            return Err(odd("a request with too many inputs"));
        }
        let (mut inputs, mut left) = (Vec::new(), MOST);
        for Head { name, failed } in form.inputs {
            let content = match failed {
                Some(why) => Err(why),
                None => {
                    let content = expect(from, Kind::Content, left)?;
                    left -= content.len();
                    Ok(content)
                }
            };
            inputs.push(Input { name: name.into(), content });
        }
        let arguments = form.arguments.into_iter().map(OsString::from).collect();
        Ok(Request { arguments, key: form.key, terminal: form.terminal, inputs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Terminal {
        serde_json::from_str(r#"{"styled":true,"messages_styled":false,"width":77}"#).unwrap()
    }

    #[test]
    fn what_is_sent_is_what_arrives() {
        let name = OsString::from_vec(b"r\xf6le.json".to_vec());
        let inputs = || {
            vec![
                Input { name: name.clone(), content: Ok(b"{}\0\xff".to_vec()) },
                Input { name: "gone".into(), content: Err("there is no such file".to_owned()) },
                Input { name: "-".into(), content: Ok(Vec::new()) },
            ]
        };
        let arguments = vec![OsString::from("role"), "\u{202e}\"".into(), name.clone()];
        let key = Some("a key".to_owned());
        let request = Request {
            arguments: arguments.clone(),
            key: key.clone(),
            terminal: terminal(),
            inputs: inputs(),
        };
        let mut bytes = Vec::new();
        request.send(&mut bytes).unwrap();
        let mut from = bytes.as_slice();
        let found = Request::receive(&mut from).unwrap();
        assert!(from.is_empty());
        assert_eq!((found.arguments, found.key), (arguments, key));
        assert_eq!(format!("{:?}", found.terminal), format!("{:?}", terminal()));
        let told = |all: Vec<Input>| all.into_iter().map(|one| (one.name, one.content)).collect::<Vec<_>>();
        assert_eq!(told(found.inputs), told(inputs()));
        // Cut off anywhere it is none.
        for end in 0..bytes.len() {
            let error = Request::receive(&mut &bytes[..end]).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{end}");
        }
    }

    #[test]
    fn a_length_is_believed_only_as_far_as_bytes_arrive() {
        for (bytes, kind) in [
            (b"o\0\0\0\x05abc".as_slice(), io::ErrorKind::UnexpectedEof),
            (b"o\0\0\0\x06abcdef", io::ErrorKind::InvalidData),
            (b"z\0\0\0\0", io::ErrorKind::InvalidData),
        ] {
            assert_eq!(receive(&mut &*bytes, 5).unwrap_err().kind(), kind, "{bytes:?}");
        }
        assert_eq!(
            receive(&mut b"o\0\0\0\x05abcde".as_slice(), 5).unwrap(),
            (Kind::Results, b"abcde".to_vec())
        );
    }
}
