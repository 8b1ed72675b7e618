//! The whole grid of one subject in one answer, for user interfaces that grey out what a person may not do.
//!
//! It is told by names, or as bits by the numbers that the schema gives its permissions. The entity tag is made of the row: of what is granted
//! and what is open under which numbering, and of nothing else. So it is the same on every node and after a restart, an edit that does
//! not concern the subject leaves it, and who asks again with it is told that nothing changed.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;
use portcullis::Schema;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::body::Body;
use super::failure::Failure;
use super::{answered, body};
use crate::Hearing;

/// What one subject may do on types: plainly, and under conditions.
pub(super) struct Grid {
    /// Each permission that is granted, by number.
    granted: Vec<(u32, String, String)>,
    /// Each of which it depends on conditions.
    open: Vec<(u32, String, String)>,
    permissions: u32,
    numbering: [u8; 16],
}

impl Grid {
    /// The grid of a subject, as far as its asker may see it.
    pub(super) fn of(hearing: &Hearing, subject: &str) -> Grid {
        let snapshot = hearing.snapshot();
        let schema = snapshot.schema();
        let own = hearing.is_own(subject);
        let placed = |(action, resource): (&str, &str)| {
            let permission = schema.permission(action, resource).ok()?;
            let left = !own || !hearing.is_narrowed_away(action, resource);
            left.then(|| (permission.id().as_u32(), action.to_owned(), resource.to_owned()))
        };
        let granted = snapshot.what(subject).into_iter().flatten().filter_map(placed).collect();
        let open =
            snapshot.what_if(subject).into_iter().flatten().filter_map(|(names, _)| placed(names)).collect();
        Grid { granted, open, permissions: schema.permission_count(), numbering: numbering_of(schema) }
    }

    /// The identity of the row, quoted as an entity tag is.
    pub(super) fn tag(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.numbering);
        hash.update(self.bits(&self.granted));
        hash.update(self.bits(&self.open));
        let digest: [u8; 32] = hash.finalize().into();
        format!("\"{}\"", data_encoding::HEXLOWER.encode(digest.get(..16).unwrap_or(&digest)))
    }

    /// Permission `n` is bit `n % 8`, from the lowest, of byte `n / 8`.
    fn bits(&self, held: &[(u32, String, String)]) -> Vec<u8> {
        let mut bytes = vec![0_u8; (self.permissions as usize).div_ceil(8)];
        for (number, _, _) in held {
            if let Some(byte) = bytes.get_mut(*number as usize / 8) {
                *byte |= 1 << (number % 8);
            }
        }
        bytes
    }

    fn named(held: &[(u32, String, String)]) -> BTreeMap<&str, Vec<&str>> {
        let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, action, resource) in held {
            named.entry(resource).or_default().push(action);
        }
        named.values_mut().for_each(|actions| actions.sort_unstable());
        named
    }
}

/// What identifies the numbers that a schema gives its permissions.
fn numbering_of(schema: &Schema) -> [u8; 16] {
    let mut hash = Sha256::new();
    for kind in schema.types() {
        for action in schema.actions_of(kind) {
            // Lengths tell names apart that run together.
            for name in [kind.name(), action] {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name);
            }
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// The grid that a request asks for.
pub(super) fn capabilities(hearing: &Hearing, head: &Parts) -> Result<Response<Body>, Failure> {
    let asked = Asked::of(head.uri.query().unwrap_or_default())?;
    let subject = asked.subject(hearing)?;
    let grid = Grid::of(hearing, &subject);
    let tag = grid.tag();
    if head.headers.get_all(IF_NONE_MATCH).iter().any(|known| matches(known, &tag)) {
        let mut response = answered(hearing, Vec::new());
        *response.body_mut() = body::empty();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(tagged(response, &tag));
    }
    let numbering = data_encoding::HEXLOWER.encode(&grid.numbering);
    let schema = hearing.snapshot().schema().name();
    let subject = entity(hearing, &subject);
    let told: Value = if asked.as_bits {
        json!({
            "subject": subject,
            "schema": schema,
            "numbering": numbering,
            "permissions": grid.permissions,
            "granted": BASE64.encode(&grid.bits(&grid.granted)),
            "conditional": BASE64.encode(&grid.bits(&grid.open)),
        })
    } else {
        json!({
            "subject": subject,
            "schema": schema,
            "granted": Grid::named(&grid.granted),
            "conditional": Grid::named(&grid.open),
        })
    };
    Ok(tagged(answered(hearing, told.to_string().into_bytes()), &tag))
}

/// The numbers that the schema gives its permissions: those of a type follow each other.
pub(super) fn numbering(hearing: &Hearing) -> Response<Body> {
    let schema = hearing.snapshot().schema();
    let mut first = 0;
    let types = schema.types().iter().map(|kind| {
        let actions: Vec<&str> = schema.actions_of(kind).collect();
        let told = json!({ "type": kind.name(), "first": first, "actions": actions });
        first += actions.len();
        told
    });
    let told = json!({
        "schema": schema.name(),
        "types": types.collect::<Value>(),
        "numbering": data_encoding::HEXLOWER.encode(&numbering_of(schema)),
    });
    answered(hearing, told.to_string().into_bytes())
}

/// The subject as a question names it. Of somebody unknown there is no type.
fn entity(hearing: &Hearing, subject: &str) -> Value {
    match hearing.snapshot().member_type(subject) {
        Some(kind) => json!({ "type": kind, "id": subject }),
        None => json!({ "id": subject }),
    }
}

/// What a query asks for.
#[derive(Default)]
struct Asked {
    subject: Option<String>,
    as_bits: bool,
}

impl Asked {
    fn of(query: &str) -> Result<Asked, Failure> {
        let mut asked = Asked::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| Failure::bad_request(format!("`{name}` is no UTF-8 text")))?;
            match (name, &*value) {
                ("subject", subject) => asked.subject = Some(subject.to_owned()),
                ("form", "bits") => asked.as_bits = true,
                ("form", "names") => asked.as_bits = false,
                ("form", _) => return Err(Failure::bad_request("expected `names` or `bits` as `form`")),
                _ => {
                    let name = portcullis::text::quoted(name);
                    return Err(Failure::bad_request(format!(
                        "there is no parameter {name}: expected `subject` or `form`"
                    )));
                }
            }
        }
        Ok(asked)
    }

    /// Whose grid it is: the asker's own, or that of somebody about whom the asker may ask.
    fn subject(&self, hearing: &Hearing) -> Result<String, Failure> {
        match (&self.subject, hearing.asker()) {
            (Some(subject), _) => {
                if !hearing.is_own(subject) {
                    hearing.may_ask_about_others()?;
                }
                Ok(subject.clone())
            }
            (None, Some(own)) => Ok(own.to_owned()),
            (None, None) => {
                Err(Failure::bad_request("a key of a file is nobody's in particular: name a `subject`"))
            }
        }
    }
}

fn matches(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    let mut tags = known.split(',').map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn tagged(mut response: Response<Body>, tag: &str) -> Response<Body> {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    // Whose answer it is hangs on the key, also where two members have the same row and so the same tag; and it is worth nothing once
    // there is a newer one.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response.headers_mut().insert(VARY, HeaderValue::from(AUTHORIZATION));
    response
}
