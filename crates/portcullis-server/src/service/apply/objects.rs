//! Stored objects.

use portcullis::text::quoted;
use portcullis_store::{Key, Object, Row};

use super::{Made, is_fresh, properties_text};
use crate::Refusal;
use crate::naming::fit;
use crate::operation::Properties;
use crate::service::draft::Draft;

pub(super) fn put(
    draft: &mut Draft<'_>,
    kind: &str,
    id: &str,
    properties: Option<&Properties>,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let known = draft.state.objects.get(&(kind.to_owned(), id.to_owned())).map(|object| object.version);
    match known {
        Some(found) => is_fresh("object", &format!("{kind}/{id}"), version, found)?,
        None => {
            fit("object", id)?;
            is_fresh("object", &format!("{kind}/{id}"), version, 0)?;
        }
    }
    let properties = properties_text(draft, properties)?;
    let version = draft.state.next_revision();
    draft.put(Row::Object(Object { kind: kind.to_owned(), id: id.to_owned(), version, properties }))?;
    Ok(Made::NOTHING)
}

pub(super) fn remove(
    draft: &mut Draft<'_>,
    kind: &str,
    id: &str,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let place = (kind.to_owned(), id.to_owned());
    let Some(found) = draft.state.objects.get(&place).map(|object| object.version) else {
        let name = format!("{kind}/{id}");
        return Err(Refusal::NotFound { what: "object", name: quoted(&name) });
    };
    is_fresh("object", &format!("{kind}/{id}"), version, found)?;
    draft.take(Key::Object { kind: place.0, id: place.1 })?;
    Ok(Made::NOTHING)
}
