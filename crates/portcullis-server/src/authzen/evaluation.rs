//! One evaluation: a body, or a line of a file of requests.
//!
//! `request` judges the whole text and borrows the names. Properties are read in a second walk, and only where somebody asks for them
//! and the text has any, so that who has no conditions does not pay for them. What a body is must not hang on who decides: it is refused
//! or not by the first walk, whatever is kept.

use portcullis::Question;

use super::request::{Reading, Request};
use super::sent::Sent;
use super::{Fault, Forms, Keep};

/// One question, as it was sent.
#[derive(Debug)]
pub struct Evaluation<'b> {
    request: Request<'b>,
    sent: Option<Box<Sent>>,
}

impl<'b> Evaluation<'b> {
    /// Reads a body or a line.
    ///
    /// # Errors
    /// When it is no JSON object with subject, action and resource, has a key twice somewhere or nests too deep.
    #[inline]
    pub fn read(body: &'b [u8], forms: Forms, keep: Keep) -> Result<Self, Fault> {
        let reading = Reading::of(forms);
        let request = Request::read(body, reading)?;
        request.complete(reading)?;
        let mut evaluation = Evaluation { request, sent: None };
        if keep == Keep::Properties && evaluation.brings_properties() {
            evaluation.sent = keep_sent(body)?;
        }
        Ok(evaluation)
    }

    /// Whether it says more than names: properties of something, or a context.
    #[must_use]
    pub fn brings_properties(&self) -> bool {
        self.request.brings_properties()
    }

    /// The question that it asks at a time, with what was kept.
    #[inline]
    #[must_use]
    pub fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        let question = self.request.question(now);
        match &self.sent {
            Some(sent) => sent.beside(question),
            None => question,
        }
    }
}

/// Kept out of the way of those who bring nothing.
#[inline(never)]
fn keep_sent(body: &[u8]) -> Result<Option<Box<Sent>>, Fault> {
    Ok(Some(Box::new(Sent::read(body)?)))
}
