//! The few messages of `decisions.proto` that a load generator speaks, written and read by hand.
//!
//! Requests are put together before anything is timed, so that sending one is copying some bytes; of an answer only the id, the decision and whether
//! there is an error are looked at. The bare server reads and writes the same with what is generated, and tests hold the two together.

use crate::workload::Question;

/// What the bytes of a message are that does not follow its format.
pub(super) type Fault = &'static str;

/// The longest message that is read.
const MESSAGE: usize = 1 << 20;

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(field: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

fn entity(kind: &str, id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(1, kind.as_bytes(), &mut out);
    bytes(2, id.as_bytes(), &mut out);
    out
}

/// A `CheckRequest`.
pub(super) fn check(asked: &Question) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(1, &entity("user", &asked.subject), &mut out);
    let mut action = Vec::new();
    bytes(1, asked.action.as_bytes(), &mut action);
    bytes(2, &action, &mut out);
    bytes(3, &entity(&asked.resource.0, &asked.resource.1), &mut out);
    out
}

/// Writes a message as gRPC frames it.
pub(super) fn framed(message: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    out.extend_from_slice(&(message.len() as u32).to_be_bytes());
    out.extend_from_slice(message);
}

/// Writes a framed `CheckStreamRequest` of an id and a [`check`].
pub(super) fn numbered(id: u64, check: &[u8], scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    scratch.push(1 << 3);
    varint(id, scratch);
    bytes(2, check, scratch);
    framed(scratch, out);
}

/// What an answer says: of a `CheckResponse` without an id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) id: u64,
    pub(super) decision: bool,
    pub(super) error: bool,
}

/// The numbers of the fields that matter: of the id, the decision and the error.
#[derive(Clone, Copy)]
pub(super) struct Fields(u64, u64, u64);

/// Those of a `CheckStreamResponse`.
pub(super) const OF_STREAM: Fields = Fields(1, 2, 3);
/// Those of a `CheckResponse`, which has no id.
pub(super) const OF_CHECK: Fields = Fields(u64::MAX, 1, 3);

/// Takes the first message from the front of what has come; none if more must come.
pub(super) fn unframe<'b>(came: &mut &'b [u8]) -> Result<Option<&'b [u8]>, Fault> {
    let Some((head, rest)) = came.split_first_chunk::<5>() else { return Ok(None) };
    let [compressed, length @ ..] = *head;
    let length = u32::from_be_bytes(length) as usize;
    if compressed != 0 || length > MESSAGE {
        return Err("a message that is compressed or too long");
    }
    let Some((message, behind)) = rest.split_at_checked(length) else { return Ok(None) };
    *came = behind;
    Ok(Some(message))
}

fn take_varint(message: &mut &[u8]) -> Result<u64, Fault> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first().ok_or("a number that is cut off")?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err("a number that is too long")
}

/// What an answer says.
pub(super) fn answer(mut message: &[u8], fields: Fields) -> Result<Answer, Fault> {
    let mut answer = Answer::default();
    while !message.is_empty() {
        let key = take_varint(&mut message)?;
        let field = key >> 3;
        match key & 7 {
            0 => {
                let value = take_varint(&mut message)?;
                if field == fields.0 {
                    answer.id = value;
                } else if field == fields.1 {
                    answer.decision = value != 0;
                }
            }
            2 => {
                let length = take_varint(&mut message)? as usize;
                let (text, rest) = message.split_at_checked(length).ok_or("a text that is cut off")?;
                message = rest;
                answer.error |= field == fields.2 && !text.is_empty();
            }
            _ => return Err("a field of a kind that the proto has not"),
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::bare::proto;

    fn asked() -> Question {
        Question {
            subject: "usr0000001@acme.corp.io".to_owned(),
            action: "read".to_owned(),
            // Longer than what one byte of length can say.
            resource: ("sync".to_owned(), "7".repeat(300)),
        }
    }

    #[test]
    fn requests_are_what_the_generated_code_reads() {
        let question = asked();
        let read = proto::CheckRequest::decode(&*check(&question)).unwrap();
        let entity = |kind: &str, id: &str| {
            Some(proto::Entity { r#type: kind.to_owned(), id: id.to_owned(), properties: None })
        };
        assert_eq!(read.subject, entity("user", &question.subject));
        assert_eq!(read.resource, entity("sync", &question.resource.1));
        assert_eq!(read.action.unwrap().name, "read");
        for id in [1, 127, 128, 300, u64::MAX] {
            let (mut scratch, mut out) = (Vec::new(), Vec::new());
            numbered(id, &check(&question), &mut scratch, &mut out);
            let mut came = &*out;
            let message = unframe(&mut came).unwrap().unwrap();
            assert!(came.is_empty());
            let read = proto::CheckStreamRequest::decode(message).unwrap();
            assert_eq!((read.id, read.check.unwrap().encode_to_vec()), (id, check(&question)));
        }
    }

    #[test]
    fn answers_are_what_the_generated_code_writes() {
        for (id, decision, error) in [(1, true, ""), (u64::MAX, false, ""), (300, false, "no such type")] {
            let written = proto::CheckStreamResponse {
                id,
                decision,
                error: error.to_owned(),
                revision: "5f0c.1".to_owned(),
                reason_admin: Some(prost_types::Struct::default()),
            };
            let read = answer(&written.encode_to_vec(), OF_STREAM);
            assert_eq!(read, Ok(Answer { id, decision, error: !error.is_empty() }));
            let written = proto::CheckResponse { decision, error: error.to_owned(), reason_admin: None };
            let read = answer(&written.encode_to_vec(), OF_CHECK);
            assert_eq!(read, Ok(Answer { id: 0, decision, error: !error.is_empty() }));
        }
    }

    #[test]
    fn a_message_is_taken_when_all_of_it_has_come_and_a_broken_one_is_a_fault() {
        let mut out = Vec::new();
        framed(b"abc", &mut out);
        framed(b"", &mut out);
        for length in 0..8 {
            assert_eq!(unframe(&mut &out[..length]), Ok(None), "{length}");
        }
        let mut came = &*out;
        assert_eq!(unframe(&mut came), Ok(Some(&b"abc"[..])));
        assert_eq!(unframe(&mut came), Ok(Some(&b""[..])));
        assert!(unframe(&mut &[1, 0, 0, 0, 0][..]).is_err());
        assert!(unframe(&mut &[0, 0xff, 0, 0, 0][..]).is_err());
        for broken in [&[0x08][..], &[0x08, 0x80], &[0x1a, 5, 1], &[0x09], &[0xff; 11]] {
            assert!(answer(broken, OF_STREAM).is_err(), "{broken:?}");
        }
    }
}
