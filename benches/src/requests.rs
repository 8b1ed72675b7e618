//! Files of requests as services log them, made from a seed so that every run asks the same.
//!
//! Half are three strings, half AuthZEN objects, some of these with a context or with properties. One in 16 comes from a stranger,
//! one in 32 names an action and one in 32 a type that there is not, one object in 32 claims another type of subject. Since a
//! request is made from the seed again whenever it is needed, a file of any size is verified without being held.

use std::fmt::Write as _;

use portcullis::{Question, Schema};
use portcullis_testkit::generate::Prng;

use crate::member_id;

/// What a stream of requests is drawn from.
#[derive(Debug)]
pub struct Requests {
    prng: Prng,
    members: usize,
    actions: Vec<String>,
    types: Vec<String>,
}

/// One request.
#[derive(Debug)]
pub struct Asked {
    subject: String,
    action: String,
    resource: String,
    form: Form,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Three strings, with or without spaces between them.
    Strings { spaced: bool },
    /// Three objects, perhaps with what a request may carry beside them.
    Objects { claimed: &'static str, more: bool },
}

impl Requests {
    /// Requests to a workspace of so many members under this schema; those of one seed are the same ones.
    #[must_use]
    pub fn new(seed: u64, members: usize, schema: &Schema) -> Self {
        let actions = schema.actions().map(str::to_owned).collect();
        let types = schema.types().iter().map(|kind| kind.name().to_owned()).collect();
        Requests { prng: Prng::new(seed), members, actions, types }
    }

    /// The next request.
    pub fn next_asked(&mut self) -> Asked {
        let prng = &mut self.prng;
        let stranger = if prng.below(16) == 0 { self.members } else { 0 };
        let subject = member_id(stranger + prng.below(self.members));
        let action =
            if prng.below(32) == 0 { "approve" } else { prng.pick(&self.actions).map_or("", |name| name) };
        let resource =
            if prng.below(32) == 0 { "pipeline" } else { prng.pick(&self.types).map_or("", |name| name) };
        let form = if prng.below(2) == 0 {
            Form::Strings { spaced: prng.below(2) == 0 }
        } else {
            let claimed = if prng.below(32) == 0 { "bot" } else { "user" };
            Form::Objects { claimed, more: prng.below(4) == 0 }
        };
        Asked { subject, action: action.to_owned(), resource: resource.to_owned(), form }
    }
}

impl Asked {
    /// The same as a question to the library.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        let question = Question::new(&self.subject, &self.action, &self.resource);
        match self.form {
            Form::Strings { .. } => question,
            Form::Objects { claimed, .. } => {
                Question { subject_type: Some(claimed), object: Some("4711"), ..question }
            }
        }
    }

    /// Whether the naive reference, which knows no types of subjects, has an opinion on it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !matches!(self.form, Form::Objects { claimed: "bot", .. })
    }

    /// Appends its line.
    pub fn write_to(&self, text: &mut String) {
        let Asked { subject, action, resource, form } = self;
        // Nothing that is drawn holds what JSON escapes, and a string takes what is written.
        let written = match form {
            Form::Strings { spaced: false } => {
                writeln!(text, r#"{{"subject":"{subject}","action":"{action}","resource":"{resource}"}}"#)
            }
            Form::Strings { spaced: true } => {
                writeln!(
                    text,
                    r#"{{"subject": "{subject}", "action": "{action}", "resource": "{resource}"}}"#
                )
            }
            Form::Objects { claimed, more } => {
                let (properties, context) = if *more {
                    (
                        r#","properties":{"department":"sales","level":3}"#,
                        r#","context":{"ip":"10.0.0.7","mfa":true}"#,
                    )
                } else {
                    ("", "")
                };
                writeln!(
                    text,
                    r#"{{"subject":{{"type":"{claimed}","id":"{subject}"{properties}}},"action":{{"name":"{action}"}},"resource":{{"type":"{resource}","id":"4711"}}{context}}}"#
                )
            }
        };
        debug_assert!(written.is_ok());
    }
}
