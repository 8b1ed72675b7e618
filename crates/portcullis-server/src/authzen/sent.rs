//! What a request says beside names: properties and context, kept for conditions.
//!
//! A text comes here after `request` has judged it, and only where a role has conditions; so it is known to be JSON, without
//! duplicate keys and not too deep. What is left is to tell its pieces to the builder, each number by its own digits: a reader that
//! hands out numbers has made floats of them. The text is gone through once, token by token and without recursion; a string is a key when
//! a colon follows it. Whatever does not fit is an error of the text and never a value that was guessed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use portcullis::Question;
use portcullis::condition::{Attribute, AttributeBuilder};

use super::Fault;

/// What a request brings. Nothing is what it does not bring, and null.
#[derive(Debug, Default)]
pub(super) struct Sent {
    subject: Option<Attribute>,
    action: Option<Attribute>,
    resource: Option<Attribute>,
    context: Option<Attribute>,
}

impl Sent {
    /// Reads a text that is known to be a request.
    pub(super) fn read(text: &[u8]) -> Result<Self, Fault> {
        Sent::of(&mut Tokens::of(text)?, Whole::One).ok_or_else(unreadable)
    }

    /// The same of a search for actions, whose action may be anything.
    pub(super) fn read_without_action(text: &[u8]) -> Result<Self, Fault> {
        Sent::of(&mut Tokens::of(text)?, Whole::WithoutAction).ok_or_else(unreadable)
    }

    /// The same of many evaluations: what their defaults bring, and each item.
    pub(super) fn read_all(text: &[u8]) -> Result<(Self, Vec<Self>), Fault> {
        let mut items = Vec::new();
        let sent = Sent::of(&mut Tokens::of(text)?, Whole::Many(&mut items));
        Ok((sent.ok_or_else(unreadable)?, items))
    }

    /// The question with what was brought to it.
    pub(super) fn beside<'q>(&'q self, question: Question<'q>) -> Question<'q> {
        Sent::of_parts([self; 4], question)
    }

    /// The question with what these bring for its subject, action, resource and context.
    pub(super) fn of_parts<'q>(parts: [&'q Sent; 4], question: Question<'q>) -> Question<'q> {
        let value = |sent: &'q Option<Attribute>| sent.as_ref().map(Attribute::value);
        let [subject, action, resource, context] = parts;
        Question {
            subject_properties: value(&subject.subject),
            action_properties: value(&action.action),
            object_properties: value(&resource.resource),
            context: value(&context.context),
            ..question
        }
    }

    /// What was kept of subject, action, resource and context.
    pub(super) fn parts(&self) -> [Option<&Attribute>; 4] {
        [&self.subject, &self.action, &self.resource, &self.context].map(Option::as_ref)
    }

    fn of(tokens: &mut Tokens<'_>, whole: Whole<'_>) -> Option<Self> {
        match tokens.next()? {
            Token::Open { is_object: true } => Sent::members(tokens, whole),
            _ => None,
        }
    }

    fn members(tokens: &mut Tokens<'_>, mut whole: Whole<'_>) -> Option<Self> {
        let mut sent = Sent::default();
        while let Some(key) = tokens.key()? {
            match (&*key, &mut whole) {
                ("action", Whole::WithoutAction) => tokens.pass()?,
                ("evaluations", Whole::Many(items)) => Sent::list(tokens, items)?,
                ("subject", _) => sent.subject = tokens.properties()?,
                ("action", _) => sent.action = tokens.properties()?,
                ("resource", _) => sent.resource = tokens.properties()?,
                ("context", _) => sent.context = tokens.attribute()?,
                _ => tokens.pass()?,
            }
        }
        Some(sent)
    }

    fn list(tokens: &mut Tokens<'_>, items: &mut Vec<Self>) -> Option<()> {
        if tokens.next()? != (Token::Open { is_object: false }) {
            return None;
        }
        loop {
            match tokens.next()? {
                Token::Open { is_object: true } => items.push(Sent::members(tokens, Whole::One)?),
                Token::Close => return Some(()),
                _ => return None,
            }
        }
    }
}

/// What a text is.
enum Whole<'i> {
    One,
    WithoutAction,
    /// Many, whose items go here.
    Many(&'i mut Vec<Sent>),
}

/// What was judged before cannot fail here.
fn unreadable() -> Fault {
    Fault::new("properties and context cannot be read")
}

/// A piece of JSON. Commas and colons are passed over.
#[derive(Debug, PartialEq)]
enum Token<'l> {
    Open {
        is_object: bool,
    },
    Close,
    /// With its quotes, as written.
    Text(&'l str),
    /// The same, before a colon.
    Key(&'l str),
    /// A number, `true`, `false` or `null`.
    Word(&'l str),
}

/// A text whose tokens are taken from its beginning. Nothing is `None` but the end, and what is no JSON.
struct Tokens<'l> {
    rest: &'l str,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_between(byte: u8) -> bool {
    is_space(byte) || byte == b',' || byte == b':'
}

impl<'l> Tokens<'l> {
    fn of(text: &'l [u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(text).map_err(|error| Fault::new(format!("not JSON: {error}")))?;
        Ok(Tokens { rest: text })
    }

    fn next(&mut self) -> Option<Token<'l>> {
        let bytes = self.rest.as_bytes();
        let start = bytes.iter().position(|&byte| !is_between(byte))?;
        let text = bytes.get(start..)?;
        let first = *text.first()?;
        let length = match first {
            b'{' | b'[' | b'}' | b']' => 1,
            b'"' => length_of_text(text)?,
            _ => {
                let ends = |&byte: &u8| is_between(byte) || byte == b'}' || byte == b']';
                text.iter().position(ends).unwrap_or(text.len())
            }
        };
        let token = self.rest.get(start..start + length)?;
        self.rest = self.rest.get(start + length..)?;
        Some(match first {
            b'{' => Token::Open { is_object: true },
            b'[' => Token::Open { is_object: false },
            b'}' | b']' => Token::Close,
            b'"' if self.rest.bytes().find(|&byte| !is_space(byte)) == Some(b':') => Token::Key(token),
            b'"' => Token::Text(token),
            _ => Token::Word(token),
        })
    }

    /// The next key of an object, or nothing at its end.
    fn key(&mut self) -> Option<Option<Cow<'l, str>>> {
        match self.next()? {
            Token::Key(key) => Some(Some(plain(key)?)),
            Token::Close => Some(None),
            _ => None,
        }
    }

    /// Passes over a value.
    fn pass(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Token::Open { .. } => depth += 1,
                Token::Close => depth = depth.checked_sub(1)?,
                Token::Key(_) => continue,
                Token::Text(_) | Token::Word(_) => {}
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// The properties in a part that is a string, which has none, or an object.
    fn properties(&mut self) -> Option<Option<Attribute>> {
        match self.next()? {
            Token::Text(_) => return Some(None),
            Token::Open { is_object: true } => {}
            _ => return None,
        }
        let mut found = None;
        while let Some(key) = self.key()? {
            match &*key {
                "properties" => found = self.attribute()?,
                _ => self.pass()?,
            }
        }
        Some(found)
    }

    /// Keeps a value, unless it is null.
    fn attribute(&mut self) -> Option<Option<Attribute>> {
        let mut builder = AttributeBuilder::new();
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Token::Open { is_object } => {
                    depth += 1;
                    if is_object {
                        builder.object()
                    } else {
                        builder.list()
                    };
                }
                Token::Close => {
                    depth = depth.checked_sub(1)?;
                    builder.end();
                }
                Token::Key(key) => {
                    builder.key(&plain(key)?);
                    continue;
                }
                Token::Text(text) => {
                    builder.text(&plain(text)?);
                }
                Token::Word("null") if depth == 0 => return Some(None),
                Token::Word("null") => {
                    builder.null();
                }
                Token::Word(word @ ("true" | "false")) => {
                    builder.boolean(word == "true");
                }
                Token::Word(number) => {
                    builder.number(number);
                }
            }
            if depth == 0 {
                return builder.finish().ok().map(Some);
            }
        }
    }
}

/// How long the string is that a text begins with, its quotes counted.
fn length_of_text(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// What a string says, from how it is written.
fn plain(quoted: &str) -> Option<Cow<'_, str>> {
    if memchr(b'\\', quoted.as_bytes()).is_some() {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(line: &str) -> [Option<String>; 4] {
        let Sent { subject, action, resource, context } = Sent::read(line.as_bytes()).unwrap();
        [subject, action, resource, context].map(|sent| sent.map(|attribute| attribute.to_string()))
    }

    #[test]
    fn what_is_sent_is_kept_wherever_it_stands() {
        let line = r#" { "context" : {"a\u0062":[1,{"":-0}, [ ]],"b":null,"c":"\"}:\\"} , "more":{"context":{"x":1},"k":[{"properties":{}}]},
            "subject":{"properties":{"id":"x","properties":{"n":1.50}},"type":"user","id":"\"properties\":{","more":{"properties":{"x":1}}},
            "action":{"name":"a","properties":{}},"r\u0065source":{"id":"1","pr\u006fperties":{"t":true,"f":false},"type":"t"}}"#;
        assert_eq!(
            kept(line).map(Option::unwrap),
            [
                r#"{"id": "x", "properties": {"n": 1.5}}"#,
                "{}",
                r#"{"f": false, "t": true}"#,
                r#"{"ab": [1, {"": 0}, []], "c": "\"}:\\"}"#
            ]
        );
        let nothing = r#"{"subject":"subject","action":{"name":"properties","properties":null},"resource":"context","context":null}"#;
        assert_eq!(kept(nothing), [None, None, None, None]);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let line = r#"{"context":{"a":[1e400,9007199254740993,0.1000000000000000000001,-1E-400,1e99999999999999999999]}}"#;
        let numbers = kept(line)[3].clone().unwrap();
        let expected =
            ["1e400", "9007199254740993", "0.1000000000000000000001", "-1e-400", "1e99999999999999999999"];
        assert_eq!(numbers, format!(r#"{{"a": [{}]}}"#, expected.join(", ")));
    }

    #[test]
    fn what_is_no_request_is_an_error_and_no_value() {
        for line in [
            "",
            "[]",
            "{",
            r#"{"context"#,
            r#"{"context":"#,
            r#"{"context":{"#,
            r#"{"context":{"a"}}"#,
            r#"{"context":{"a":"#,
            r#"{"context":{"a":1,"a":2}}"#,
            r#"{"context":{"a":"\x"}}"#,
            r#"{"subject":5}"#,
            r#"{"subject":{"properties":]}"#,
            r#"{"subject":[]}"#,
            r#"{"more":{"a":"#,
        ] {
            assert!(Sent::read(line.as_bytes()).is_err(), "{line}");
        }
        assert!(Sent::read(b"{\"context\":{\"a\":\"\xff\"}}").is_err());
    }
}
