//! The bodies of the fuzz targets, so that a find of the fuzzer and its replay in an ordinary test run the same lines.
//!
//! One target, one file, one function that takes bytes. None says what is wrong by returning: all panic, which is what a
//! fuzzer sees. What several of them ask stands here: what is JSON, whether a report is sound, whether a workspace
//! decides as the reference does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fault is reported by panicking"
)]

mod decide;
mod diff;
mod document;
mod evaluation;
mod exact;
mod kept;
mod requests;
mod workspace;

use portcullis::{Report, Snapshot, Source, Span};
use serde::de::IgnoredAny;

use crate::agreement::Pair;
use crate::generate::{self, Prng};
use crate::reference::Reference;

pub use decide::decide;
pub use diff::diff;
pub use document::document;
pub use evaluation::{Judged, MOST_ITEMS, NOW, evaluation};
pub use kept::{Seed, replay, seeds};
pub use requests::{Answered, Pieces, requests};
pub use workspace::workspace;

/// The text as serde_json takes it: it knows no byte order mark, which editors put there and we read over.
fn text_of(source: &Source) -> &str {
    source.text().strip_prefix('\u{feff}').unwrap_or(source.text())
}

/// Whether a text is JSON by serde_json's reading of the grammar, which stops at the first fault and knows no places.
///
/// The grammar alone: a number may be too large for serde_json's types, and is JSON all the same.
#[must_use]
pub fn is_json(source: &Source) -> bool {
    let text = text_of(source);
    serde_json::from_str::<IgnoredAny>(text).is_ok() && strings_of(text).all(is_unicode)
}

/// The strings of a text that keeps to the grammar, quotes and all.
fn strings_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let string = &rest[rest.find('"')?..];
        let mut escaped = false;
        let ends = |(_, byte): &(usize, u8)| {
            let end = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            end
        };
        let (last, _) = string.bytes().enumerate().skip(1).find(ends)?;
        let string = string.split_at(last + 1);
        rest = string.1;
        Some(string.0)
    })
}

/// Half of a surrogate pair is seen only where strings are kept, and each string by itself: reading a whole text to keep it stops at a large number.
fn is_unicode(string: &str) -> bool {
    serde_json::from_str::<String>(string).is_ok()
}

/// A reader's verdict: no result for what is no JSON, no error beside a result, and a sound report either way.
fn judged(outcome: Result<&Report, &Report>, is_json: bool) {
    match outcome {
        Ok(report) => {
            assert!(is_json, "accepted, though it is no JSON");
            assert!(!report.has_errors(), "a result beside an error");
            sound(report);
        }
        Err(report) => {
            assert!(report.has_errors(), "refused without an error");
            sound(report);
        }
    }
}

/// Every place that a report points to is in its text, between characters, and every line of it can be shown.
pub fn sound(report: &Report) {
    for diagnostic in report {
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        let places = labels.map(|label| (&label.source, label.span));
        let mends = diagnostic.replacement.iter().map(|mend| (&mend.source, mend.span));
        for (source, span) in places.chain(mends) {
            inside(source, span);
        }
        assert!(!diagnostic.to_string().contains('\n'), "one line a diagnostic: {diagnostic}");
    }
    assert!(report.iter().len() <= 1_000, "a report keeps at most a thousand faults");
    let _ = report.to_string();
}

fn inside(source: &Source, span: Span) {
    assert!(span.start <= span.end, "{span:?} ends before it starts");
    assert!(source.text().get(span.range()).is_some(), "{span:?} is not in the text");
}

/// Requests that a small workspace is asked.
const REQUESTS: usize = 12;

/// A workspace that compiled, if the reference can judge it and it is small enough to be asked everything.
fn whole(snapshot: Snapshot, text: &str) {
    let Ok(reference) = Reference::read(text) else { return };
    let small = snapshot.roles().count() <= 12
        && snapshot.member_count() <= 12
        && snapshot.schema().permission_count() <= 60;
    if small {
        exact::planned(&snapshot);
        let pair = Pair { snapshot, reference };
        pair.agree_on_every_cell();
        let mut prng = draws(text.as_bytes());
        pair.agree_on_requests(&pair.open_requests(&mut prng, REQUESTS));
        pair.agree_on_requests(&generate::requests(&mut prng, &pair.reference, REQUESTS).unwrap());
        pair.agree_on_requests(&generate::aimed_requests(&mut prng, &pair.reference, REQUESTS).unwrap());
    }
}

/// Bytes as a stream of choices: four of them seed what comes when the others are used up.
fn draws(data: &[u8]) -> Prng {
    let (seed, tape) = data.split_at(data.len().min(4));
    Prng::of_bytes(seed.iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)), tape)
}
