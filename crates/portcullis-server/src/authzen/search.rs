//! Searches: who may, what may be done, to what.
//!
//! A search is an evaluation with a gap: of the entity that is searched for only the type counts, of an action nothing. A page token
//! belongs to one search, so a search has a fingerprint: what it says, by meaning, whatever the order of its keys and however its strings
//! and numbers are written. `page` is no part of it, since that is what changes from page to page.

use std::borrow::Cow;
use std::fmt;

use portcullis::Question;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use sha2::{Digest as _, Sha256};

use super::ignored::{Ignored, Text, TextOf, twice};
use super::request::{Counts, Reading, Request, walk};
use super::sent::Sent;
use super::{Fault, Keep, numbers};

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Who may.
    Subjects,
    /// To what it may be done.
    Resources,
    /// What may be done.
    Actions,
}

impl Wanted {
    const fn reading(self) -> Reading {
        match self {
            Wanted::Subjects => Reading { subject: Counts::Kind, ..Reading::BODY },
            Wanted::Resources => Reading { resource: Counts::Kind, ..Reading::BODY },
            Wanted::Actions => Reading { action: Counts::Nothing, ..Reading::BODY },
        }
    }
}

/// Which part of the results is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page<'b> {
    /// The token of an earlier page; an empty one is none.
    pub token: Option<Cow<'b, str>>,
    /// How many results at most.
    pub limit: Option<u64>,
}

/// A search, as it was sent.
#[derive(Debug)]
pub struct Search<'b> {
    body: &'b [u8],
    wanted: Wanted,
    request: Request<'b>,
    page: Option<Page<'b>>,
    sent: Option<Box<Sent>>,
}

impl<'b> Search<'b> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is no JSON object, has a key twice somewhere or nests too deep, and when something is missing or not what it must be.
    pub fn read(body: &'b [u8], wanted: Wanted, keep: Keep) -> Result<Self, Fault> {
        let reading = wanted.reading();
        reading.begin(body)?;
        let mut asked = Asked::new(reading);
        if let Err(error) = walk(body, &mut asked) {
            // As in `Request::read`.
            let Some(held) = numbers::held(body).filter(|_| error.is_syntax()) else {
                return Err(reading.fault(&error));
            };
            let mut again = Asked::new(reading);
            walk(&held, &mut again).map_err(|error| reading.fault(&error))?;
            asked = again.into_owned();
        }
        let Asked { request, page, .. } = asked;
        request.complete(reading)?;
        let mut search = Search { body, wanted, request, page, sent: None };
        if keep == Keep::Properties {
            search.sent = Some(Box::new(search.read_sent()?));
        }
        Ok(search)
    }

    fn read_sent(&self) -> Result<Sent, Fault> {
        match self.wanted {
            _ if !self.request.brings_properties() => Ok(Sent::default()),
            Wanted::Actions => Sent::read_without_action(self.body),
            Wanted::Subjects | Wanted::Resources => Sent::read(self.body),
        }
    }

    /// What is searched for.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The question whose gap is to be filled: the subject or the action is empty, or there is no object.
    #[must_use]
    pub fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        let question = self.request.question(now);
        match &self.sent {
            Some(sent) => sent.beside(question),
            None => question,
        }
    }

    /// The type of what is searched for; actions have none.
    #[must_use]
    pub fn searched_type(&self) -> Option<&str> {
        match self.wanted {
            Wanted::Subjects => self.request.subject.kind.as_deref(),
            Wanted::Resources => self.request.resource.kind.as_deref(),
            Wanted::Actions => None,
        }
    }

    /// Which part is asked for, if the request says.
    #[must_use]
    pub fn page(&self) -> Option<&Page<'b>> {
        self.page.as_ref()
    }

    /// The mark of all that it says but `page`, whatever was kept.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut marks = Sha256::new();
        marks.update([match self.wanted {
            Wanted::Subjects => 1,
            Wanted::Resources => 2,
            Wanted::Actions => 3,
        }]);
        let mut mark = |text: Option<&str>| match text {
            None => marks.update([0]),
            Some(text) => {
                marks.update([1]);
                marks.update(text.len().to_be_bytes());
                marks.update(text);
            }
        };
        let Request { subject, action, resource, .. } = &self.request;
        for part in [subject, action, resource] {
            mark(part.kind.as_deref());
            mark(part.name.as_deref());
        }
        // What was judged can be read.
        let read = self.sent.is_none().then(|| self.read_sent().unwrap_or_default());
        let sent = self.sent.as_deref().or(read.as_ref());
        for attribute in sent.map(Sent::parts).into_iter().flatten() {
            mark(attribute.map(ToString::to_string).as_deref());
        }
        let hash: [u8; 32] = marks.finalize().into();
        hash.first_chunk().copied().unwrap_or_default()
    }
}

/// A body as it is read.
struct Asked<'b> {
    reading: Reading,
    request: Request<'b>,
    page: Option<Page<'b>>,
}

impl Asked<'_> {
    fn new(reading: Reading) -> Self {
        Asked { reading, request: Request::default(), page: None }
    }

    fn into_owned<'o>(self) -> Asked<'o> {
        let page = self.page.map(|Page { token, limit }| Page {
            token: token.map(|token| Cow::Owned(token.into_owned())),
            limit,
        });
        Asked { reading: self.reading, request: self.request.into_owned(), page }
    }
}

impl<'b> Visitor<'b> for &mut Asked<'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that says what is searched for")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<(), M::Error> {
        let mut ignored = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            if self.request.take(&key, &mut map, self.reading)? {
                continue;
            }
            if key != "page" {
                ignored.pass(key, &mut map, self.reading.left)?;
            } else if self.page.replace(map.next_value_seed(PageOf)?).is_some() {
                return Err(twice(&key));
            }
        }
        Ok(())
    }
}

/// Reads `page`.
struct PageOf;

impl<'b> DeserializeSeed<'b> for PageOf {
    type Value = Page<'b>;

    fn deserialize<D: Deserializer<'b>>(self, reader: D) -> Result<Page<'b>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'b> Visitor<'b> for PageOf {
    type Value = Page<'b>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for `page`")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<Page<'b>, M::Error> {
        let mut ignored = Ignored::default();
        let mut page = Page::default();
        while let Some(Text(key)) = map.next_key()? {
            let is_second = match &*key {
                "token" => {
                    let token = map.next_value_seed(TextOf { field: Some(("page", "token")) })?;
                    page.token.replace(token).is_some()
                }
                "limit" => page.limit.replace(map.next_value_seed(Limit)?).is_some(),
                _ => {
                    ignored.pass(key, &mut map, Reading::BODY.left - 1)?;
                    continue;
                }
            };
            if is_second {
                return Err(twice(&key));
            }
        }
        page.token = page.token.filter(|token| !token.is_empty());
        Ok(page)
    }
}

/// Reads `page.limit`.
struct Limit;

impl<'b> DeserializeSeed<'b> for Limit {
    type Value = u64;

    fn deserialize<D: Deserializer<'b>>(self, reader: D) -> Result<u64, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Visitor<'_> for Limit {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 0 or more for `page.limit`")
    }

    fn visit_u64<E: de::Error>(self, limit: u64) -> Result<u64, E> {
        Ok(limit)
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
