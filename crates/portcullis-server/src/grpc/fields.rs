//! The fields of a protobuf message, borrowed from its bytes.
//!
//! The generated reader makes an owned string of every name, and a list of whatever a batch holds before anybody has counted it: of a stream
//! of checks that would be what the server costs, and of a body of two megabytes of empty items a quarter of a gigabyte. Here nothing is
//! allocated, and whoever goes through the fields can stop. It is stricter in one thing: a field that stands twice, of which readers keep
//! the last or mix both, is refused, as a key that stands twice is in JSON. Groups, which proto3 does not have, are refused too.

/// Why a message cannot be read.
pub(super) type Fault = &'static str;

const CUT: Fault = "the message ends in the middle of a field";

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Held<'b> {
    /// A whole number, a boolean or a value of an enumeration.
    Varint(u64),
    /// A double, by its bits.
    Fixed(u64),
    /// A string or a message.
    Bytes(&'b [u8]),
    /// Four bytes, of which no field here is made.
    Short,
}

/// A message of which fields are taken from the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    pub(super) const fn of(message: &'b [u8]) -> Fields<'b> {
        Fields { rest: message }
    }

    /// The number of the next field and what it holds.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u32, Held<'b>)>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or("a field of the message has a number that no field can have")?;
        let held = match key & 7 {
            0 => Held::Varint(self.varint()?),
            1 => {
                let (eight, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
                self.rest = rest;
                Held::Fixed(u64::from_le_bytes(*eight))
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| CUT)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
                self.rest = rest;
                Held::Bytes(bytes)
            }
            5 => {
                self.rest = self.rest.get(4..).ok_or(CUT)?;
                Held::Short
            }
            _ => return Err("a field of the message is of a kind that proto3 does not have"),
        };
        Ok(Some((number, held)))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Fault> {
        // Nearly all have one byte.
        if let Some((&first, rest)) = self.rest.split_first().filter(|(first, _)| **first < 0x80) {
            self.rest = rest;
            return Ok(u64::from(first));
        }
        let mut value = 0_u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            // Of the tenth byte, one bit is left.
            if at == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { CUT } else { "a number in the message is longer than 64 bits" })
    }
}

const KIND: Fault = "a field of the message holds what its type does not";
const TWICE: Fault = "a field stands twice in a message";

impl<'b> Held<'b> {
    /// Keeps a message in a field that may stand once.
    #[inline]
    pub(super) fn message(self, slot: &mut Option<&'b [u8]>) -> Result<(), Fault> {
        let Held::Bytes(bytes) = self else { return Err(KIND) };
        if slot.replace(bytes).is_some() { Err(TWICE) } else { Ok(()) }
    }

    /// Keeps a string. An empty one is as good as none.
    #[inline]
    pub(super) fn text(self, slot: &mut Option<&'b str>) -> Result<(), Fault> {
        let Held::Bytes(bytes) = self else { return Err(KIND) };
        let text = std::str::from_utf8(bytes).map_err(|_| "a string of the message is not UTF-8")?;
        if slot.replace(text).is_some() { Err(TWICE) } else { Ok(()) }
    }

    /// Keeps a whole number.
    #[inline]
    pub(super) fn number(self, slot: &mut Option<u64>) -> Result<(), Fault> {
        let Held::Varint(value) = self else { return Err(KIND) };
        if slot.replace(value).is_some() { Err(TWICE) } else { Ok(()) }
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
