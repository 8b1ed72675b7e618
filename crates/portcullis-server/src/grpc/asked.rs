//! The questions in messages, with names borrowed from their bytes.
//!
//! What must be there is what must be there over HTTP: type and id of a subject and a resource, the name of an action; of what is searched for
//! the type alone. proto3 does not tell an empty string from none, so an empty name is a missing one.

use std::borrow::Cow;

use portcullis::Question;
use portcullis::condition::Attribute;
use sha2::{Digest as _, Sha256};

use super::fields::{Fault, Fields, Held};
use super::proto::check_batch_request::Semantic as Named;
use super::sent::attribute;
use crate::authzen::{Semantic, Wanted};
use crate::http::Failure;

/// A subject, an action or a resource.
#[derive(Clone, Copy, Debug, Default)]
struct Part<'m> {
    is_there: bool,
    kind: Option<&'m str>,
    /// The id, or the name of an action.
    name: Option<&'m str>,
    properties: Option<&'m [u8]>,
}

impl<'m> Part<'m> {
    #[inline]
    fn entity(&mut self, held: Held<'m>) -> Result<(), Fault> {
        self.read(held, [1, 2, 3])
    }

    #[inline]
    fn action(&mut self, held: Held<'m>) -> Result<(), Fault> {
        self.read(held, [0, 1, 2])
    }

    #[inline]
    fn read(&mut self, held: Held<'m>, numbers: [u32; 3]) -> Result<(), Fault> {
        let mut message = self.is_there.then_some(&[][..]);
        held.message(&mut message)?;
        self.is_there = true;
        let mut fields = Fields::of(message.unwrap_or_default());
        while let Some((number, held)) = fields.next()? {
            match numbers.iter().position(|one| *one == number) {
                Some(0) => held.text(&mut self.kind)?,
                Some(1) => held.text(&mut self.name)?,
                Some(2) => held.message(&mut self.properties)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn has_kind(&self) -> bool {
        self.kind.is_some_and(|kind| !kind.is_empty())
    }

    fn has_name(&self) -> bool {
        self.name.is_some_and(|name| !name.is_empty())
    }

    fn kept(&self) -> Result<Option<Attribute>, Fault> {
        self.properties.map(attribute).transpose()
    }
}

/// A question as it was sent.
#[derive(Debug, Default)]
pub(super) struct Asked<'m> {
    subject: Part<'m>,
    action: Part<'m>,
    resource: Part<'m>,
    context: Option<&'m [u8]>,
    pub(super) explains: bool,
    /// Properties of subject, action and resource, and the context, where they matter.
    kept: [Option<Attribute>; 4],
}

impl<'m> Asked<'m> {
    /// Reads a `CheckRequest`. What is beside names is kept only where conditions could ask about it.
    pub(super) fn read(message: &'m [u8], keeps: bool) -> Result<Asked<'m>, Failure> {
        let mut asked = Asked::default();
        asked.fields(message).map_err(Failure::bad_request)?;
        asked.complete(None)?;
        if keeps {
            asked.keep().map_err(Failure::bad_request)?;
        }
        Ok(asked)
    }

    #[inline]
    fn fields(&mut self, message: &'m [u8]) -> Result<(), Fault> {
        let mut explains = None;
        let mut fields = Fields::of(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => self.subject.entity(held)?,
                2 => self.action.action(held)?,
                3 => self.resource.entity(held)?,
                4 => held.message(&mut self.context)?,
                5 => held.number(&mut explains)?,
                _ => {}
            }
        }
        self.explains = explains.unwrap_or_default() != 0;
        Ok(())
    }

    fn keep(&mut self) -> Result<(), Fault> {
        let context = self.context.map(attribute).transpose()?;
        self.kept = [self.subject.kept()?, self.action.kept()?, self.resource.kept()?, context];
        Ok(())
    }

    /// Whether nothing is missing but what is searched for.
    #[inline]
    fn complete(&self, wanted: Option<Wanted>) -> Result<(), Failure> {
        let entity = |what, part: &Part<'m>, gap| {
            if !part.has_kind() {
                return Err(missing(what, "type", part));
            }
            if part.has_name() || wanted == Some(gap) { Ok(()) } else { Err(missing(what, "id", part)) }
        };
        entity("subject", &self.subject, Wanted::Subjects)?;
        if !self.action.has_name() && wanted != Some(Wanted::Actions) {
            return Err(missing("action", "name", &self.action));
        }
        entity("resource", &self.resource, Wanted::Resources)
    }

    /// The question at a time.
    #[inline]
    pub(super) fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        let value = |kept: &'q Option<Attribute>| kept.as_ref().map(Attribute::value);
        let [subject, action, resource, context] = &self.kept;
        Question {
            subject_type: self.subject.kind,
            object: self.resource.name,
            subject_properties: value(subject),
            action_properties: value(action),
            object_properties: value(resource),
            context: value(context),
            now,
            ..Question::new(
                self.subject.name.unwrap_or_default(),
                self.action.name.unwrap_or_default(),
                self.resource.kind.unwrap_or_default(),
            )
        }
    }
}

#[cold]
fn missing(what: &str, key: &str, part: &Part<'_>) -> Failure {
    Failure::bad_request(if part.is_there {
        format!("`{what}.{key}` is missing")
    } else {
        format!("`{what}` is missing")
    })
}

/// A `CheckStreamRequest`: its id, and the message of its question.
pub(super) fn of_stream(message: &[u8]) -> Result<(u64, &[u8]), Fault> {
    let (mut id, mut check) = (None, None);
    let mut fields = Fields::of(message);
    while let Some((number, held)) = fields.next()? {
        match number {
            1 => held.number(&mut id)?,
            2 => held.message(&mut check)?,
            _ => {}
        }
    }
    Ok((id.unwrap_or_default(), check.unwrap_or_default()))
}

/// A `CheckBatchRequest`: the messages of its questions, and its semantic.
pub(super) fn of_batch(message: &[u8], most: usize) -> Result<(Vec<&[u8]>, Semantic), Failure> {
    let (mut checks, mut semantic) = (Vec::new(), None);
    let mut fields = Fields::of(message);
    while let Some((number, held)) = fields.next().map_err(Failure::bad_request)? {
        match (number, held) {
            (1, Held::Bytes(check)) if checks.len() < most => checks.push(check),
            (1, Held::Bytes(_)) => {
                return Err(Failure::bad_request(format!(
                    "the batch has more than the {most} checks allowed"
                )));
            }
            (2, held) => held.number(&mut semantic).map_err(Failure::bad_request)?,
            _ => {}
        }
    }
    Ok((checks, semantic_of(semantic.unwrap_or_default())?))
}

/// The semantic of a number, which has its name in the proto.
fn semantic_of(number: u64) -> Result<Semantic, Failure> {
    let named = i32::try_from(number).ok().and_then(|number| Named::try_from(number).ok());
    match named {
        Some(Named::ExecuteAll) => Ok(Semantic::ExecuteAll),
        Some(Named::DenyOnFirstDeny) => Ok(Semantic::DenyOnFirstDeny),
        Some(Named::PermitOnFirstPermit) => Ok(Semantic::PermitOnFirstPermit),
        None => Err(Failure::bad_request(
            "`semantic` must be EXECUTE_ALL, DENY_ON_FIRST_DENY or PERMIT_ON_FIRST_PERMIT",
        )),
    }
}

/// A search as it was sent.
#[derive(Debug)]
pub(super) struct Search<'m> {
    pub(super) wanted: Wanted,
    asked: Asked<'m>,
    pub(super) token: &'m str,
    pub(super) limit: u32,
}

impl<'m> Search<'m> {
    /// Reads a `SearchRequest`.
    pub(super) fn read(message: &'m [u8]) -> Result<Search<'m>, Failure> {
        let mut asked = Asked::default();
        let (mut wanted, mut token, mut limit) = (None, None, None);
        let mut read = || -> Result<(), Fault> {
            let mut fields = Fields::of(message);
            while let Some((number, held)) = fields.next()? {
                match number {
                    1 => held.number(&mut wanted)?,
                    2 => asked.subject.entity(held)?,
                    3 => asked.action.action(held)?,
                    4 => asked.resource.entity(held)?,
                    5 => held.message(&mut asked.context)?,
                    6 => held.text(&mut token)?,
                    7 => held.number(&mut limit)?,
                    _ => {}
                }
            }
            Ok(())
        };
        read().map_err(Failure::bad_request)?;
        let wanted = match wanted {
            Some(1) => Wanted::Subjects,
            Some(2) => Wanted::Resources,
            Some(3) => Wanted::Actions,
            _ => return Err(Failure::bad_request("`wanted` must be SUBJECTS, RESOURCES or ACTIONS")),
        };
        // A fingerprint is of everything that is said, whatever conditions there are.
        asked.keep().map_err(Failure::bad_request)?;
        match wanted {
            Wanted::Subjects => asked.subject.name = None,
            Wanted::Resources => asked.resource.name = None,
            Wanted::Actions => {
                let [_, brought, ..] = &mut asked.kept;
                (asked.action, *brought) = (Part::default(), None);
            }
        }
        asked.complete(Some(wanted))?;
        let limit = u32::try_from(limit.unwrap_or_default()).unwrap_or(u32::MAX);
        Ok(Search { wanted, asked, token: token.unwrap_or_default(), limit })
    }

    /// The question whose gap is to be filled.
    pub(super) fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        self.asked.question(now)
    }

    /// The type of what is searched for; actions have none.
    pub(super) fn searched_type(&self) -> Option<&'m str> {
        match self.wanted {
            Wanted::Subjects => self.asked.subject.kind,
            Wanted::Resources => self.asked.resource.kind,
            Wanted::Actions => None,
        }
    }

    /// The mark of all that it says but which page is meant.
    pub(super) fn fingerprint(&self) -> [u8; 16] {
        let mut marks = Sha256::new();
        marks.update(match self.wanted {
            Wanted::Subjects => b"grpc subjects",
            Wanted::Resources => b"grpc resource",
            Wanted::Actions => b"grpc actions.",
        });
        let mut mark = |text: Option<Cow<'_, str>>| match text {
            None => marks.update([0]),
            Some(text) => {
                marks.update([1]);
                marks.update((text.len() as u64).to_be_bytes());
                marks.update(&*text);
            }
        };
        let Asked { subject, action, resource, kept, .. } = &self.asked;
        for part in [subject, action, resource] {
            mark(part.kind.map(Cow::Borrowed));
            mark(part.name.map(Cow::Borrowed));
        }
        for attribute in kept {
            mark(attribute.as_ref().map(|attribute| Cow::Owned(attribute.to_string())));
        }
        let hash: [u8; 32] = marks.finalize().into();
        hash.first_chunk().copied().unwrap_or_default()
    }
}
