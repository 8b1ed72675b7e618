//! The bodies that go out, written as text at the end of a buffer.
//!
//! Nothing is added that was not asked for, an entity's `type` stands before its `id`, and `page` before `results`: the published runners
//! compare texts. What an answer is made of comes piece by piece, so no tree of it is built; only what explains a decision is a
//! value, which somebody else has made. Strings are escaped by serde_json.

use serde_json::Value;

use super::Fault;

const ALLOWED: &[u8] = b"{\"decision\":true";
const DENIED: &[u8] = b"{\"decision\":false";

/// Writes a decision, with the context that explains it if there is one.
#[inline]
pub fn decision(out: &mut Vec<u8>, allowed: bool, context: Option<&Value>) {
    out.extend_from_slice(if allowed { ALLOWED } else { DENIED });
    if let Some(context) = context {
        out.extend_from_slice(b",\"context\":");
        json(out, context);
    }
    out.push(b'}');
}

/// Writes what stands in the place of a decision on an item that cannot be read: a deny that says why.
pub fn item_error(out: &mut Vec<u8>, status: u16, message: &str) {
    out.extend_from_slice(DENIED);
    out.extend_from_slice(b",\"context\":{\"error\":{\"status\":");
    json(out, &status);
    out.extend_from_slice(b",\"message\":");
    json(out, message);
    out.extend_from_slice(b"}}}");
}

/// Writes the body of an error: a message.
pub fn error(out: &mut Vec<u8>, message: &str) {
    json(out, message);
}

/// Writes the answer to many evaluations, one after the other.
///
/// ```
/// use portcullis_server::authzen::answer::Decisions;
/// let mut out = Vec::new();
/// let mut decisions = Decisions::begin(&mut out);
/// decisions.decision(true, None);
/// decisions.decision(false, None);
/// decisions.end();
/// assert_eq!(out, br#"{"evaluations":[{"decision":true},{"decision":false}]}"#);
/// ```
#[derive(Debug)]
#[must_use = "an answer that is not ended is no JSON"]
pub struct Decisions<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Decisions<'o> {
    /// Begins an answer.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.extend_from_slice(b"{\"evaluations\":[");
        Decisions { out, is_first: true }
    }

    /// The next decision.
    #[inline]
    pub fn decision(&mut self, allowed: bool, context: Option<&Value>) {
        decision(self.next(), allowed, context);
    }

    /// An item that could not be read, in its place.
    pub fn fault(&mut self, fault: &Fault) {
        item_error(self.next(), 400, fault.words());
    }

    /// An item that was not decided, in its place, and why.
    pub fn error(&mut self, status: u16, message: &str) {
        item_error(self.next(), status, message);
    }

    /// Ends the answer.
    pub fn end(self) {
        self.out.extend_from_slice(b"]}");
    }

    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
        self.out
    }
}

/// What an answer to a search says of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOut<'t> {
    /// The token of the next page, empty at the end.
    pub next_token: &'t str,
    /// How many results there are on this page.
    pub count: Option<usize>,
    /// How many there are in all.
    pub total: Option<usize>,
}

/// Writes the answer to a search for subjects or resources, all of one type.
pub fn entities<'i>(
    out: &mut Vec<u8>,
    page: Option<PageOut<'_>>,
    kind: &str,
    ids: impl IntoIterator<Item = &'i str>,
) {
    let mut head = b"{\"type\":".to_vec();
    json(&mut head, kind);
    head.extend_from_slice(b",\"id\":");
    results(out, page, &head, ids);
}

/// Writes the answer to a search for actions.
pub fn actions<'n>(out: &mut Vec<u8>, page: Option<PageOut<'_>>, names: impl IntoIterator<Item = &'n str>) {
    results(out, page, b"{\"name\":", names);
}

/// Each result is what they all begin with, and a string.
fn results<'t>(
    out: &mut Vec<u8>,
    page: Option<PageOut<'_>>,
    head: &[u8],
    texts: impl IntoIterator<Item = &'t str>,
) {
    out.push(b'{');
    if let Some(PageOut { next_token, count, total }) = page {
        out.extend_from_slice(b"\"page\":{\"next_token\":");
        json(out, next_token);
        for (key, number) in [(&b",\"count\":"[..], count), (b",\"total\":", total)] {
            if let Some(number) = number {
                out.extend_from_slice(key);
                json(out, &number);
            }
        }
        out.extend_from_slice(b"},");
    }
    out.extend_from_slice(b"\"results\":[");
    for (at, text) in texts.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(head);
        json(out, text);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

/// The endpoints below a base, each with its key in the metadata.
pub const ENDPOINTS: [(&str, &str); 5] = [
    ("access_evaluation_endpoint", "/access/v1/evaluation"),
    ("access_evaluations_endpoint", "/access/v1/evaluations"),
    ("search_subject_endpoint", "/access/v1/search/subject"),
    ("search_resource_endpoint", "/access/v1/search/resource"),
    ("search_action_endpoint", "/access/v1/search/action"),
];

/// Writes the metadata of a decision point whose endpoints lie below a base: `https://host`, or with the path of a workspace. A slash
/// at its end is left out, and so are capabilities where there are none.
pub fn metadata<'c>(out: &mut Vec<u8>, base: &str, capabilities: impl IntoIterator<Item = &'c str>) {
    let base = base.trim_end_matches('/');
    out.extend_from_slice(b"{\"policy_decision_point\":");
    json(out, base);
    for (key, path) in ENDPOINTS {
        out.push(b',');
        json(out, key);
        out.push(b':');
        json(out, &format!("{base}{path}"));
    }
    let capabilities: Vec<&str> = capabilities.into_iter().collect();
    if !capabilities.is_empty() {
        out.extend_from_slice(b",\"capabilities\":");
        json(out, &capabilities);
    }
    out.push(b'}');
}

/// Writes a value.
fn json(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    // A vector takes whatever is written, and what is passed here has no keys but strings.
    serde_json::to_writer(out, value).ok();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_decision_says_no_more_than_it_is_told_to() {
        assert_eq!(written(|out| decision(out, true, None)), r#"{"decision":true}"#);
        assert_eq!(written(|out| decision(out, false, None)), r#"{"decision":false}"#);
        let why = json!({"reason_admin": {"en": "a \"deny\""}});
        let expected = r#"{"decision":false,"context":{"reason_admin":{"en":"a \"deny\""}}}"#;
        assert_eq!(written(|out| decision(out, false, Some(&why))), expected);
        assert_eq!(written(|out| error(out, "no \"subject\"\n")), r#""no \"subject\"\n""#);
    }

    #[test]
    fn many_decisions_stand_in_their_order_with_faults_in_their_places() {
        let answer = written(|out| {
            let mut decisions = Decisions::begin(out);
            decisions.decision(true, None);
            decisions.fault(&Fault::new("`action.name` is missing"));
            decisions.decision(false, Some(&json!({})));
            decisions.end();
        });
        let expected = concat!(
            r#"{"evaluations":[{"decision":true},"#,
            r#"{"decision":false,"context":{"error":{"status":400,"message":"`action.name` is missing"}}},"#,
            r#"{"decision":false,"context":{}}]}"#
        );
        assert_eq!(answer, expected);
        assert_eq!(written(|out| Decisions::begin(out).end()), r#"{"evaluations":[]}"#);
    }

    #[test]
    fn results_have_their_type_before_their_id_and_a_page_where_it_is_given() {
        assert_eq!(written(|out| entities(out, None, "user", [])), r#"{"results":[]}"#);
        let found = written(|out| entities(out, None, "us\"er", ["a", "b\\"]));
        assert_eq!(found, r#"{"results":[{"type":"us\"er","id":"a"},{"type":"us\"er","id":"b\\"}]}"#);
        let page = PageOut { next_token: "x-_", count: Some(1), total: None };
        let found = written(|out| actions(out, Some(page), ["read"]));
        assert_eq!(found, r#"{"page":{"next_token":"x-_","count":1},"results":[{"name":"read"}]}"#);
        let page = PageOut { next_token: "", count: Some(0), total: Some(12) };
        let found = written(|out| actions(out, Some(page), []));
        assert_eq!(found, r#"{"page":{"next_token":"","count":0,"total":12},"results":[]}"#);
    }

    #[test]
    fn metadata_has_absolute_addresses_and_nothing_empty() {
        let text = written(|out| metadata(out, "https://pdp.example/workspaces/acme/", []));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["policy_decision_point"], "https://pdp.example/workspaces/acme");
        assert_eq!(
            read["search_action_endpoint"],
            "https://pdp.example/workspaces/acme/access/v1/search/action"
        );
        assert_eq!(read.as_object().unwrap().len(), 6);
        let text = written(|out| metadata(out, "https://pdp.example", ["urn:a", "urn:b"]));
        assert!(text.ends_with(r#","capabilities":["urn:a","urn:b"]}"#), "{text}");
    }
}
