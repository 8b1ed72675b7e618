//! Many evaluations in one body: defaults, items, and when to stop.
//!
//! A body is gone through once, and when nothing is the matter nothing is kept but one vector of items with names borrowed from the body.
//! An item that cannot be read is a fault in its own place, and the rest is answered; serde cannot go on after a fault, so such a
//! body is read once more, slowly: first where its items lie, then each as a text of its own. Both ways must come to the same,
//! which a test holds on random bodies. That costs who sends faulty bodies, and at most about three times as much.
//!
//! An item's subject, action or resource takes the place of the default one whole, its properties with it; its context that of the
//! default context. A context that is null is none that was sent, so the default one counts.

use std::fmt;

use portcullis::Question;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ignored::{Ignored, Text, TextOf, twice};
use super::request::{Part, Reading, Request, Root, asked, complete, walk};
use super::sent::Sent;
use super::{Fault, Keep, numbers};

/// About how long an item is, at least: what room is made for. Too small a guess costs a copy or two.
const SHORT_ITEM: usize = 128;
/// Room for so many items is made before one was seen.
const FIRST_ROOM: usize = 256;

/// When the rest of the items is left unanswered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Semantic {
    /// Never: all are answered.
    #[default]
    ExecuteAll,
    /// After the first deny, or the first item that cannot be read.
    DenyOnFirstDeny,
    /// After the first that is allowed.
    PermitOnFirstPermit,
}

impl Semantic {
    /// Each with its name in `options.evaluations_semantic`.
    const NAMES: [(&'static str, Semantic); 3] = [
        ("execute_all", Semantic::ExecuteAll),
        ("deny_on_first_deny", Semantic::DenyOnFirstDeny),
        ("permit_on_first_permit", Semantic::PermitOnFirstPermit),
    ];

    /// Whether an answer is the last one. An item that cannot be read is a deny.
    #[must_use]
    pub const fn ends_with(self, allowed: bool) -> bool {
        match self {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !allowed,
            Semantic::PermitOnFirstPermit => allowed,
        }
    }
}

/// Some evaluations, as they were sent.
#[derive(Debug)]
pub struct Evaluations<'b> {
    defaults: Request<'b>,
    /// What cannot be read is an empty request here.
    items: Vec<Request<'b>>,
    /// What is the matter with which items, in their order.
    faults: Vec<(usize, Fault)>,
    semantic: Semantic,
    sent: Option<Box<AllSent>>,
}

/// What the defaults and each item bring.
#[derive(Debug)]
struct AllSent {
    defaults: Sent,
    items: Vec<Sent>,
}

impl<'b> Evaluations<'b> {
    /// Reads a body.
    ///
    /// # Errors
    /// When the body is no JSON object, has a key twice or nests too deep outside its items, when a default, `evaluations` or `options`
    /// is not what it must be, and when there are more items than `most_items`. Without items, when something is missing.
    pub fn read(body: &'b [u8], keep: Keep, most_items: usize) -> Result<Self, Fault> {
        Reading::BODY.begin(body)?;
        match Self::at_once(body, keep, most_items) {
            Some(read) => read,
            None => Self::one_by_one(body, keep, most_items),
        }
    }

    /// In one walk; nothing when anything at all is the matter with the body, but what is missing.
    fn at_once(body: &'b [u8], keep: Keep, most_items: usize) -> Option<Result<Self, Fault>> {
        let room = (body.len() / SHORT_ITEM).min(most_items).min(FIRST_ROOM);
        let mut many = Many::new(Vec::with_capacity(room), most_items);
        walk(body, &mut many).ok()?;
        let Many { defaults, items, semantic, .. } = many;
        let mut read = Evaluations { defaults, items, faults: Vec::new(), semantic, sent: None };
        Some(read.complete().and_then(|()| {
            if keep == Keep::Properties && read.brings_properties() {
                let (defaults, items) = Sent::read_all(body)?;
                read.sent = Some(Box::new(AllSent { defaults, items }));
            }
            Ok(read)
        }))
    }

    /// Item by item, each as a text of its own.
    fn one_by_one(body: &'b [u8], keep: Keep, most_items: usize) -> Result<Self, Fault> {
        // In the copy everything stands where it stands in the body.
        let copy = numbers::held(body);
        let text = copy.as_deref().unwrap_or(body);
        let mut many = Many::new(Vec::<&RawValue>::new(), most_items);
        walk(text, &mut many).map_err(|error| Reading::BODY.fault(&error))?;
        let start = text.as_ptr().addr();
        let texts = many.items.iter().map(|item| {
            let at = item.get().as_ptr().addr().saturating_sub(start);
            body.get(at..at + item.get().len()).unwrap_or_default()
        });
        let texts: Vec<&'b [u8]> = texts.collect();
        let mut read = Evaluations {
            defaults: many.defaults.into_owned(),
            items: Vec::with_capacity(texts.len()),
            faults: Vec::new(),
            semantic: many.semantic,
            sent: None,
        };
        for (at, text) in texts.iter().enumerate() {
            read.items.push(Request::read(text, Reading::ITEM).unwrap_or_else(|fault| {
                read.faults.push((at, fault));
                Request::default()
            }));
        }
        read.complete()?;
        if keep == Keep::Properties && read.brings_properties() {
            let item = |(request, text): (&Request<'_>, &&[u8])| {
                if request.brings_properties() { Sent::read(text) } else { Ok(Sent::default()) }
            };
            let items = read.items.iter().zip(&texts).map(item).collect::<Result<_, _>>()?;
            read.sent = Some(Box::new(AllSent { defaults: Sent::read(body)?, items }));
        }
        Ok(read)
    }

    /// Looks for what is missing: an error of the body where it is one question, else a fault of the item.
    fn complete(&mut self) -> Result<(), Fault> {
        if self.items.is_empty() {
            return self.defaults.complete(Reading::BODY);
        }
        let mut faults = Vec::new();
        let mut known = std::mem::take(&mut self.faults).into_iter().peekable();
        for (at, item) in self.items.iter().enumerate() {
            if let Some(fault) = known.next_if(|(place, _)| *place == at) {
                faults.push(fault);
            } else if let Err(fault) = complete(self.parts(item), Reading::ITEM) {
                faults.push((at, fault));
            }
        }
        self.faults = faults;
        Ok(())
    }

    /// Whether `evaluations` was missing or empty: then the body is one evaluation, the answer is one decision, and what [`get`](Self::get)
    /// gives is the question of the defaults.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.items.is_empty()
    }

    /// When the rest of the items is left unanswered.
    #[must_use]
    pub fn semantic(&self) -> Semantic {
        self.semantic
    }

    /// How many questions there are: never none.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a body without items is one question")]
    pub fn len(&self) -> usize {
        self.items.len().max(1)
    }

    /// Whether any of it says more than names.
    #[must_use]
    pub fn brings_properties(&self) -> bool {
        self.defaults.brings_properties() || self.items.iter().any(Request::brings_properties)
    }

    /// The question in one place, or what is the matter with it; nothing beyond the last.
    #[inline]
    #[must_use]
    pub fn get<'q>(&'q self, at: usize, now: Option<&'q str>) -> Option<Result<Question<'q>, &'q Fault>> {
        if !self.faults.is_empty()
            && let Ok(found) = self.faults.binary_search_by_key(&at, |(place, _)| *place)
        {
            return self.faults.get(found).map(|(_, fault)| Err(fault));
        }
        let item = match self.items.get(at) {
            Some(item) => item,
            None if at == 0 => &self.defaults,
            None => return None,
        };
        let question = asked(self.parts(item), now);
        Some(Ok(match &self.sent {
            None => question,
            Some(sent) => sent.beside(at, item, question),
        }))
    }

    /// All of them, in their order.
    pub fn iter<'q>(
        &'q self,
        now: Option<&'q str>,
    ) -> impl ExactSizeIterator<Item = Result<Question<'q>, &'q Fault>> {
        // There is a question in every place before the length.
        (0..self.len()).map(move |at| self.get(at, now).unwrap_or(Ok(Question::new("", "", ""))))
    }

    /// What an item says of subject, action and resource, or else the defaults.
    #[inline]
    fn parts<'q>(&'q self, item: &'q Request<'b>) -> [&'q Part<'b>; 3] {
        let Request { subject, action, resource, .. } = &self.defaults;
        let or = |own: &'q Part<'b>, default: &'q Part<'b>| if own.is_there { own } else { default };
        [or(&item.subject, subject), or(&item.action, action), or(&item.resource, resource)]
    }
}

impl AllSent {
    /// A question with what its item brings, or else the defaults.
    fn beside<'q>(&'q self, at: usize, item: &Request<'_>, question: Question<'q>) -> Question<'q> {
        let own = self.items.get(at).unwrap_or(&self.defaults);
        let or = |is_own: bool| if is_own { own } else { &self.defaults };
        let parts = [item.subject.is_there, item.action.is_there, item.resource.is_there];
        let [subject, action, resource] = parts.map(or);
        Sent::of_parts([subject, action, resource, or(item.context == Some(true))], question)
    }
}

/// A body as it is read, with its items in one form or another.
struct Many<'b, Items> {
    defaults: Request<'b>,
    items: Items,
    most_items: usize,
    semantic: Semantic,
}

impl<Items> Many<'_, Items> {
    fn new(items: Items, most_items: usize) -> Self {
        Many { defaults: Request::default(), items, most_items, semantic: Semantic::default() }
    }
}

impl<'b, Items: Gather<'b>> Visitor<'b> for &mut Many<'b, Items> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `evaluations`")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<(), M::Error> {
        let mut ignored = Ignored::default();
        let (mut has_items, mut has_options) = (false, false);
        while let Some(Text(key)) = map.next_key()? {
            if self.defaults.take(&key, &mut map, Reading::BODY)? {
                continue;
            }
            let has = match &*key {
                "evaluations" => &mut has_items,
                "options" => &mut has_options,
                _ => {
                    ignored.pass(key, &mut map, Reading::BODY.left)?;
                    continue;
                }
            };
            if std::mem::replace(has, true) {
                return Err(twice(&key));
            }
            if &*key == "evaluations" {
                map.next_value_seed(List { items: &mut self.items, most: self.most_items })?;
            } else {
                self.semantic = map.next_value_seed(Options)?;
            }
        }
        Ok(())
    }
}

/// What items are gathered into.
trait Gather<'b> {
    fn count(&self) -> usize;

    /// Takes the next element of a list, and says whether there was one.
    fn take<S: SeqAccess<'b>>(&mut self, list: &mut S) -> Result<bool, S::Error>;
}

impl<'b> Gather<'b> for Vec<Request<'b>> {
    fn count(&self) -> usize {
        self.len()
    }

    #[inline]
    fn take<S: SeqAccess<'b>>(&mut self, list: &mut S) -> Result<bool, S::Error> {
        list.next_element_seed(Item(self)).map(|item| item.is_some())
    }
}

impl<'b> Gather<'b> for Vec<&'b RawValue> {
    fn count(&self) -> usize {
        self.len()
    }

    fn take<S: SeqAccess<'b>>(&mut self, list: &mut S) -> Result<bool, S::Error> {
        let item = list.next_element::<&RawValue>()?;
        self.extend(item);
        Ok(item.is_some())
    }
}

/// Reads an item where it will stay.
struct Item<'i, 'b>(&'i mut Vec<Request<'b>>);

impl<'b> DeserializeSeed<'b> for Item<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, reader: D) -> Result<(), D::Error> {
        let Item(items) = self;
        items.push(Request::default());
        match items.last_mut() {
            Some(request) => reader.deserialize_any(Root { request, reading: Reading::ITEM }),
            None => Ok(()),
        }
    }
}

/// Reads `evaluations`.
struct List<'i, Items> {
    items: &'i mut Items,
    most: usize,
}

impl<'b, Items: Gather<'b>> DeserializeSeed<'b> for List<'_, Items> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'b, Items: Gather<'b>> Visitor<'b> for List<'_, Items> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list for `evaluations`")
    }

    fn visit_seq<S: SeqAccess<'b>>(self, mut list: S) -> Result<(), S::Error> {
        let List { items, most } = self;
        while items.count() < most {
            if !items.take(&mut list)? {
                return Ok(());
            }
        }
        match list.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(de::Error::custom(format!(
                "`evaluations` holds more than {}; send the rest in another request",
                portcullis::text::counted(most, "item")
            ))),
        }
    }
}

/// Reads `options`.
struct Options;

impl<'b> DeserializeSeed<'b> for Options {
    type Value = Semantic;

    fn deserialize<D: Deserializer<'b>>(self, reader: D) -> Result<Semantic, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'b> Visitor<'b> for Options {
    type Value = Semantic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for `options`")
    }

    fn visit_map<M: MapAccess<'b>>(self, mut map: M) -> Result<Semantic, M::Error> {
        const KEY: &str = "evaluations_semantic";
        let mut ignored = Ignored::default();
        let mut semantic = None;
        while let Some(Text(key)) = map.next_key()? {
            if key != KEY {
                ignored.pass(key, &mut map, Reading::BODY.left - 1)?;
                continue;
            }
            if semantic.is_some() {
                return Err(twice(KEY));
            }
            let name = map.next_value_seed(TextOf { field: Some(("options", KEY)) })?;
            let known = Semantic::NAMES.into_iter().find(|(known, _)| *known == name);
            semantic = Some(known.map(|(_, semantic)| semantic).ok_or_else(|| unknown(&name))?);
        }
        Ok(semantic.unwrap_or_default())
    }
}

fn unknown<E: de::Error>(name: &str) -> E {
    let [one, two, three] = Semantic::NAMES.map(|(name, _)| name);
    E::custom(format!(
        "expected `{one}`, `{two}` or `{three}` for `options.evaluations_semantic`, found {}",
        portcullis::text::quoted(name)
    ))
}

#[cfg(test)]
#[path = "evaluations_tests.rs"]
mod tests;
