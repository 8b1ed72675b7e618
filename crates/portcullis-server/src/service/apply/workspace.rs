//! What is said of the workspace itself: its name, schema, default role and settings.

use portcullis::text::quoted;
use serde::{Deserialize, Serialize};

use super::{Made, find_role};
use crate::Refusal;
use crate::naming::fit;
use crate::operation::Which;
use crate::service::draft::Draft;
use crate::state::schema_of;

/// How long an invitation is good where nothing else is set.
pub(in crate::service) const DEFAULT_INVITATION_DAYS: u32 = 30;

/// The settings of a workspace, as they are stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::service) struct Settings {
    pub(in crate::service) invitation_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { invitation_days: DEFAULT_INVITATION_DAYS }
    }
}

impl Settings {
    pub(in crate::service) fn read(text: &str) -> Settings {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(in crate::service) fn text(&self) -> Result<String, Refusal> {
        serde_json::to_string(self).map_err(|error| Refusal::Invalid(error.to_string()))
    }
}

pub(super) fn set_default_role(draft: &mut Draft<'_>, role: &Which) -> Result<Made, Refusal> {
    let role = find_role(draft.state, role)?;
    draft.describe(|workspace| workspace.default_role = Some(role.id))?;
    Ok(Made::thing(role.id))
}

pub(super) fn rename(draft: &mut Draft<'_>, name: &str) -> Result<Made, Refusal> {
    fit("workspace", name)?;
    draft.describe(|workspace| name.clone_into(&mut workspace.name))?;
    Ok(Made::NOTHING)
}

pub(super) fn set_schema(draft: &mut Draft<'_>, schema: &str) -> Result<Made, Refusal> {
    let (old, new) = (draft.writer.snapshot().schema().is_hightouch(), schema_of(schema)?.is_hightouch());
    if old != new {
        let what = if old { "the built-in schema" } else { "a schema of its own" };
        let message = format!(
            "the workspace has {what}, whose built-in roles are others: export it, change the file, and import it as a new workspace"
        );
        return Err(Refusal::NotAllowed(message));
    }
    draft.describe(|workspace| schema.clone_into(&mut workspace.schema))?;
    Ok(Made::NOTHING)
}

pub(super) fn set_invitation_days(draft: &mut Draft<'_>, days: u32) -> Result<Made, Refusal> {
    if !(1..=365).contains(&days) {
        let message = format!(
            "expected 1 to 365 days until an invitation expires, found {}",
            quoted(&days.to_string())
        );
        return Err(Refusal::Invalid(message));
    }
    let mut settings = Settings::read(&draft.state.workspace.settings);
    settings.invitation_days = days;
    let text = settings.text()?;
    draft.describe(|workspace| workspace.settings = text)?;
    Ok(Made::NOTHING)
}
