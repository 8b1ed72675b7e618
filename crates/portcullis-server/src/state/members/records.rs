//! Rows of members as bytes, one behind the other in a few large pieces of memory.
//!
//! ```text
//! length │ flags │ id, 16 │ subject │ [folded] │ role │ version │ created │ [kind] │ [properties]
//! ```
//!
//! A row is read where it lies ([`Membership`]) and written whole: what it was before is garbage, and a chunk of which half is garbage is
//! emptied into another, so that there is never more than twice what lives. Numbers take seven bits a byte, texts have their length before them.
//! What is the same for most members takes no room: a folded form that is the subject, the usual type, no properties. So a member of an
//! address of 23 letters takes some 50 bytes; as a struct of strings it took 240.

use portcullis::DEFAULT_MEMBER_TYPE;
use portcullis_store::{Id, Millis};

use super::column::Number;

/// How many bytes a chunk has, but for one with a single row that is longer. The first ones of a workspace begin small and grow.
const CHUNK: usize = 64 << 10;

/// Garbage that is not worth clearing away.
const LITTLE: usize = 4 << 10;

const SUSPENDED: u8 = 1;
const FOLDED: u8 = 2;
const KIND: u8 = 4;
const PROPERTIES: u8 = 8;

/// A row of a member, read where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership<'m> {
    pub(crate) number: Number,
    pub(crate) id: Id,
    pub(crate) version: u64,
    pub(crate) subject: &'m str,
    pub(crate) folded: &'m str,
    pub(crate) kind: &'m str,
    pub(crate) role: Id,
    pub(crate) properties: Option<&'m str>,
    pub(crate) suspended: bool,
    pub(crate) created: Millis,
}

impl Membership<'_> {
    /// The row itself.
    pub(crate) fn to_row(self) -> portcullis_store::Member {
        portcullis_store::Member {
            id: self.id,
            version: self.version,
            subject: self.subject.to_owned(),
            folded: self.folded.to_owned(),
            kind: self.kind.to_owned(),
            role: self.role,
            properties: self.properties.map(str::to_owned),
            suspended: self.suspended,
            created: self.created,
        }
    }
}

/// Where a row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lies {
    chunk: u32,
    at: u32,
}

impl Lies {
    /// Of a number that nobody has.
    const NOWHERE: Lies = Lies { chunk: u32::MAX, at: 0 };

    pub(super) fn is_in(self, chunk: u32) -> bool {
        self.chunk == chunk
    }
}

impl Default for Lies {
    fn default() -> Self {
        Lies::NOWHERE
    }
}

/// Rows as bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    chunks: Vec<Chunk>,
    /// Chunks that are empty and have no memory.
    vacant: Vec<u32>,
    /// The chunk that is written to.
    open: u32,
    /// Where a row is put together, so that its length is known.
    draft: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    garbage: usize,
}

impl Records {
    /// Writes a row, with the number of its role.
    pub(super) fn write(&mut self, row: &portcullis_store::Member, role: u32) -> Lies {
        let mut draft = std::mem::take(&mut self.draft);
        draft.clear();
        let has = |flag: u8, is: bool| if is { flag } else { 0 };
        let (folded, kind) = (row.folded != row.subject, row.kind != DEFAULT_MEMBER_TYPE);
        let flags = has(SUSPENDED, row.suspended)
            | has(FOLDED, folded)
            | has(KIND, kind)
            | has(PROPERTIES, row.properties.is_some());
        draft.push(flags);
        draft.extend(row.id.to_bytes());
        text(&mut draft, &row.subject);
        if folded {
            text(&mut draft, &row.folded);
        }
        number(&mut draft, role.into());
        number(&mut draft, row.version);
        number(&mut draft, row.created.cast_unsigned());
        if kind {
            text(&mut draft, &row.kind);
        }
        if let Some(properties) = &row.properties {
            text(&mut draft, properties);
        }
        let lies = self.append(&draft);
        // One of many properties is not kept in mind.
        draft.shrink_to(LITTLE);
        self.draft = draft;
        lies
    }

    /// Puts the bytes of a row behind what is there.
    fn append(&mut self, row: &[u8]) -> Lies {
        let needed = Record(row).whole();
        let room = self.chunks.get(self.open as usize).map(|chunk| CHUNK.saturating_sub(chunk.bytes.len()));
        if room.is_none_or(|room| room < needed) {
            self.open_another(needed);
        }
        let Some(chunk) = self.chunks.get_mut(self.open as usize) else { return Lies::NOWHERE };
        let bytes = &mut chunk.bytes;
        if bytes.capacity() - bytes.len() < needed && bytes.len() + needed <= CHUNK {
            let wanted = (2 * bytes.capacity()).clamp(bytes.len() + needed, CHUNK);
            bytes.reserve_exact(wanted - bytes.len());
        }
        let at = bytes.len();
        number(bytes, row.len() as u64);
        bytes.extend(row);
        // Where another row begins, a chunk is shorter than `CHUNK`.
        Lies { chunk: self.open, at: at as u32 }
    }

    /// Makes another chunk the one that is written to.
    fn open_another(&mut self, needed: usize) {
        let size = if self.chunks.len() <= 1 { needed } else { CHUNK.max(needed) };
        let chunk = Chunk { bytes: Vec::with_capacity(size), garbage: 0 };
        match self.vacant.pop() {
            Some(vacant) => {
                self.open = vacant;
                if let Some(place) = self.chunks.get_mut(vacant as usize) {
                    *place = chunk;
                }
            }
            None => {
                self.open = self.chunks.len() as u32;
                self.chunks.push(chunk);
            }
        }
    }

    /// The row that lies somewhere.
    pub(super) fn read(&self, lies: Lies) -> Option<Record<'_>> {
        self.chunks.get(lies.chunk as usize)?.read(lies)
    }

    /// Makes garbage of a row. A chunk that has come to hold too much of it is handed over: whoever keeps the places of rows puts those that live
    /// elsewhere.
    pub(super) fn forget(&mut self, lies: Lies) -> Option<(u32, Chunk)> {
        let length = self.read(lies)?.whole();
        let chunk = self.chunks.get_mut(lies.chunk as usize)?;
        chunk.garbage += length;
        let is_all = chunk.garbage == chunk.bytes.len();
        let is_worth_it = 2 * chunk.garbage > chunk.bytes.len() && chunk.garbage > LITTLE;
        if !is_all && !is_worth_it {
            return None;
        }
        let emptied = std::mem::take(chunk);
        self.vacant.push(lies.chunk);
        if self.open == lies.chunk {
            self.open = u32::MAX;
        }
        (!is_all).then_some((lies.chunk, emptied))
    }

    /// Puts a row of a chunk that was handed over elsewhere.
    pub(super) fn rescue(&mut self, from: &Chunk, lies: Lies) -> Lies {
        from.read(lies).map_or(Lies::NOWHERE, |record| self.append(record.0))
    }

    /// How many bytes are held, and how many of them are garbage.
    #[cfg(test)]
    pub(super) fn weight(&self) -> (usize, usize) {
        let bytes = self.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum();
        (bytes, self.chunks.iter().map(|chunk| chunk.garbage).sum())
    }
}

impl Chunk {
    fn read(&self, lies: Lies) -> Option<Record<'_>> {
        let mut reading = Reading(self.bytes.get(lies.at as usize..)?);
        let length = reading.number();
        Some(Record(reading.bytes(length)))
    }
}

/// The bytes of one row, without their length.
#[derive(Clone, Copy)]
pub(super) struct Record<'r>(&'r [u8]);

impl<'r> Record<'r> {
    /// How many bytes it takes.
    fn whole(self) -> usize {
        let length = self.0.len();
        length + length.max(1).ilog2() as usize / 7 + 1
    }

    fn flags(self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    pub(super) fn id(self) -> Id {
        Id::from_bytes(self.0.get(1..17).and_then(|id| id.try_into().ok()).unwrap_or_default())
    }

    /// What comes after the id.
    fn rest(self) -> Reading<'r> {
        Reading(self.0.get(17..).unwrap_or_default())
    }

    /// The bytes of the folded form, which are ordered as the texts are.
    pub(super) fn folded(self) -> &'r [u8] {
        let mut rest = self.rest();
        let subject = rest.text();
        if self.flags() & FOLDED != 0 { rest.text() } else { subject }
    }

    /// The whole of it; `role` knows roles by their numbers.
    pub(super) fn seen(self, number: Number, role: impl FnOnce(u32) -> Id) -> Membership<'r> {
        let (flags, mut rest) = (self.flags(), self.rest());
        let subject = letters(rest.text());
        let folded = if flags & FOLDED != 0 { letters(rest.text()) } else { subject };
        Membership {
            number,
            id: self.id(),
            subject,
            folded,
            role: role(rest.number() as u32),
            version: rest.number(),
            created: rest.number().cast_signed(),
            kind: if flags & KIND != 0 { letters(rest.text()) } else { DEFAULT_MEMBER_TYPE },
            properties: (flags & PROPERTIES != 0).then(|| letters(rest.text())),
            suspended: flags & SUSPENDED != 0,
        }
    }

    /// The number of the role.
    pub(super) fn role(self) -> u32 {
        let mut rest = self.rest();
        rest.text();
        if self.flags() & FOLDED != 0 {
            rest.text();
        }
        rest.number() as u32
    }
}

/// What was a text when it was written.
fn letters(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Writes a number.
fn number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Writes a text.
fn text(into: &mut Vec<u8>, text: &str) {
    number(into, text.len() as u64);
    into.extend(text.as_bytes());
}

/// Reads what was written, from its beginning.
struct Reading<'r>(&'r [u8]);

impl<'r> Reading<'r> {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let Some((byte, rest)) = self.0.split_first() else { break };
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
        }
        number
    }

    fn bytes(&mut self, count: u64) -> &'r [u8] {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(count).unwrap_or_default();
        self.0 = rest;
        bytes
    }

    fn text(&mut self) -> &'r [u8] {
        let length = self.number();
        self.bytes(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for shift in 0..64 {
            for wanted in [(1 << shift) - 1, 1 << shift, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                number(&mut bytes, wanted);
                bytes.push(7);
                let mut reading = Reading(&bytes);
                assert_eq!((reading.number(), reading.number(), reading.number()), (wanted, 7, 0));
            }
        }
    }
}
