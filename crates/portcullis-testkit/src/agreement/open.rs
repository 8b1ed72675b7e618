//! Requests where they tell most: on cells that conditions leave open, about objects that are stored.
//!
//! Most random questions are settled by names, and of the rest most bring properties of their own, which keeps an engine
//! from deciding by what it noted of the stored object. These bring nothing, so that a note that is out of date shows.

use portcullis::matrix::Verdict;
use serde_json::json;

use super::Pair;
use crate::generate::{AskedByRequest, Prng};
use crate::reference::Request;

/// Cells that are looked at for each request that is wanted.
const TRIES: usize = 12;

impl Pair {
    /// At most so many requests on cells that conditions leave open; fewer where there are few such cells.
    ///
    /// # Panics
    /// When the reference does not read what was made.
    #[must_use]
    pub fn open_requests(&self, prng: &mut Prng, count: usize) -> Vec<AskedByRequest> {
        let members: Vec<&str> = self.reference.members().collect();
        let permissions: Vec<(&str, &str)> = self.reference.vocabulary().permissions().collect();
        let objects: Vec<(&str, &str)> = self.reference.objects().collect();
        let mut requests = Vec::new();
        for _ in 0..count * TRIES {
            if requests.len() == count {
                break;
            }
            let (Some(subject), Some((action, kind))) = (prng.pick(&members), prng.pick(&permissions)) else {
                break;
            };
            if self.verdict((subject, action, kind)) != Verdict::Open {
                continue;
            }
            let stored: Vec<&str> =
                objects.iter().filter(|(own, _)| own == kind).map(|(_, id)| *id).collect();
            let id = prng.pick(&stored).copied().unwrap_or("1");
            let request = json!({
                "subject": subject, "action": action, "resource": { "type": kind, "id": id }
            });
            let expected = self.reference.answer(&Request::from_json(&request).unwrap());
            requests.push(AskedByRequest { request: request.to_string(), now: None, expected });
        }
        requests
    }
}
