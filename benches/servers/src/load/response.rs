//! As much of HTTP/1.1 as a load generator needs to know where an answer ends, and as much of JSON as it needs to find decisions.
//!
//! A response is parsed from its beginning whenever more of it has come: almost all come in one piece. What is not understood is a fault and
//! never skipped, as a generator that loses its place would measure nothing; so is whatever comes behind an answer that nobody asked for.

use std::borrow::Cow;

use memchr::memmem;

/// A response that is there whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response<'b> {
    pub(super) status: u16,
    pub(super) body: Cow<'b, [u8]>,
    /// How many bytes of the buffer it takes.
    pub(super) length: usize,
}

/// Why what came is no response.
pub(super) type Fault = &'static str;

/// The longest head that is looked through, and the longest body.
const HEAD: usize = 16 << 10;
const BODY: usize = 4 << 20;

/// The response at the beginning of a buffer, or none if more must come.
pub(super) fn parse(buffer: &[u8]) -> Result<Option<Response<'_>>, Fault> {
    let Some(end) = memmem::find(buffer, b"\r\n\r\n") else {
        return if buffer.len() > HEAD { Err("a head without an end") } else { Ok(None) };
    };
    let (head, body) = (buffer.get(..end).unwrap_or_default(), buffer.get(end + 4..).unwrap_or_default());
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let status = lines.next().and_then(status).ok_or("a first line that is none of HTTP/1.1")?;
    let (mut length, mut chunked) = (None, false);
    for line in lines {
        let Some(colon) = memchr::memchr(b':', line) else { return Err("a header without a colon") };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            length = Some(number(value, 10).filter(|&length| length <= BODY).ok_or("a length that is none")?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = value.eq_ignore_ascii_case(b"chunked");
        }
    }
    match length {
        _ if chunked => {
            let joined = join(body)?;
            Ok(joined.map(|(body, taken)| Response {
                status,
                body: Cow::Owned(body),
                length: end + 4 + taken,
            }))
        }
        Some(length) => Ok(body.get(..length).map(|body| Response {
            status,
            body: Cow::Borrowed(body),
            length: end + 4 + length,
        })),
        None => Err("an answer without a length"),
    }
}

fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.1 ")?;
    number(rest.get(..3)?, 10).map(|status| status as u16)
}

fn number(digits: &[u8], base: u32) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()
}

/// What chunks come to, and how many bytes they take; none if more must come.
fn join(mut body: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Fault> {
    let all = body.len();
    let mut joined = Vec::new();
    loop {
        let Some(end) = memmem::find(body, b"\r\n") else { return Ok(None) };
        let (line, rest) = body.split_at(end);
        let size = line.split(|&byte| byte == b';').next().unwrap_or_default();
        let size =
            number(size.trim_ascii(), 16).filter(|&size| size <= BODY).ok_or("a chunk without a size")?;
        let Some(chunk) = rest.get(2..2 + size) else { return Ok(None) };
        let behind = rest.get(2 + size..).unwrap_or_default();
        if behind.len() < 2 {
            return Ok(None);
        }
        // No trailers are sent by what is measured here.
        let Some(behind) = behind.strip_prefix(b"\r\n") else { return Err("a chunk longer than its size") };
        if size == 0 {
            return Ok(Some((joined, all - behind.len())));
        }
        joined.extend_from_slice(chunk);
        if joined.len() > BODY {
            return Err("a body without an end");
        }
        body = behind;
    }
}

/// Finds decisions in a body, by a scan.
pub(super) struct Scan(memmem::Finder<'static>);

impl Scan {
    pub(super) fn new() -> Scan {
        Scan(memmem::Finder::new(br#""decision":"#))
    }

    /// Whether the decisions of a body are these, in order, no fewer and no more.
    pub(super) fn agrees(&self, body: &[u8], expected: impl ExactSizeIterator<Item = bool>) -> bool {
        let mut found = self.0.find_iter(body).map(|at| {
            let value = body.get(at + br#""decision":"#.len()..).unwrap_or_default().trim_ascii_start();
            match value {
                value if value.starts_with(b"true") => Some(true),
                value if value.starts_with(b"false") => Some(false),
                _ => None,
            }
        });
        let all = expected.into_iter().all(|expected| found.next() == Some(Some(expected)));
        all && found.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCONTENT-LENGTH:  17\r\n\r\n{\"decision\":true}";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8;x=y\r\n{\"decisi\r\n9\r\non\":true}\r\n0\r\n\r\n";

    #[test]
    fn a_response_in_two_pieces_is_whole_with_the_second_wherever_it_is_split() {
        for whole in [PLAIN, CHUNKED] {
            for split in 0..whole.len() {
                assert_eq!(parse(&whole[..split]), Ok(None), "{split}");
            }
            let response = parse(whole).unwrap().unwrap();
            assert_eq!((response.status, response.length), (200, whole.len()));
            assert_eq!(&*response.body, br#"{"decision":true}"#);
        }
    }

    #[test]
    fn what_comes_behind_a_response_is_left() {
        for whole in [PLAIN, CHUNKED] {
            let twice = [whole, whole].concat();
            assert_eq!(parse(&twice).unwrap().unwrap().length, whole.len());
        }
    }

    #[test]
    fn other_statuses_are_told_and_what_is_no_response_is_a_fault() {
        let refused = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
        let response = parse(refused).unwrap().unwrap();
        assert_eq!((response.status, response.body.len()), (401, 0));
        for (text, fault) in [
            ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", "a first line that is none of HTTP/1.1"),
            ("HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n", "a first line that is none of HTTP/1.1"),
            ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "a length that is none"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", "a length that is none"),
            ("HTTP/1.1 200 OK\r\n\r\n", "an answer without a length"),
            ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "a header without a colon"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", "a chunk without a size"),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
                "a chunk longer than its size",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(fault), "{text}");
        }
        assert_eq!(parse(&[b'x'; HEAD + 1]), Err("a head without an end"));
    }

    #[test]
    fn decisions_agree_when_all_do_and_there_are_as_many() {
        let scan = Scan::new();
        let agrees = |body: &str, expected: &[bool]| scan.agrees(body.as_bytes(), expected.iter().copied());
        assert!(agrees(r#"{"decision":true}"#, &[true]));
        assert!(agrees(r#"{"decision": false, "context":{}}"#, &[false]));
        let two = r#"{"evaluations":[{"decision":true},{"decision":false}]}"#;
        assert!(agrees(two, &[true, false]));
        for other in [&[true, true][..], &[false, false], &[true], &[true, false, false], &[]] {
            assert!(!agrees(two, other), "{other:?}");
        }
        assert!(!agrees(r#"{"decision":null}"#, &[true]));
        assert!(!agrees("{}", &[true]));
    }
}
