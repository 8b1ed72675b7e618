//! One question with all its parts, and how a resource typed as one word is read.

use crate::condition::Value;
use crate::schema::Schema;

/// Who asks to do what on what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question<'q> {
    /// The type that the subject claims; a bare id claims none.
    pub subject_type: Option<&'q str>,
    /// The member's id.
    pub subject: &'q str,
    /// The action.
    pub action: &'q str,
    /// A type's own name, an alias or a covered name.
    pub resource: &'q str,
    /// The id of one object of that type. Types are closed, object ids are open: any id is good.
    pub object: Option<&'q str>,
    /// What the request says of the subject: an object, for conditions.
    pub subject_properties: Option<Value<'q>>,
    /// What it says of the action.
    pub action_properties: Option<Value<'q>>,
    /// What it says of the object.
    pub object_properties: Option<Value<'q>>,
    /// What it says of its circumstances.
    pub context: Option<Value<'q>>,
    /// The clock of whoever decides, as RFC 3339 writes it; without one, conditions on `context.now` are unknown.
    pub now: Option<&'q str>,
}

impl<'q> Question<'q> {
    /// A question on a type.
    #[must_use]
    pub const fn new(subject: &'q str, action: &'q str, resource: &'q str) -> Self {
        Question {
            subject_type: None,
            subject,
            action,
            resource,
            object: None,
            subject_properties: None,
            action_properties: None,
            object_properties: None,
            context: None,
            now: None,
        }
    }

    /// A question whose resource was typed as one word, as on a command line: a known type, alias or covered
    /// name; else split after the longest one that is followed by `/`, the rest being an object's id.
    #[must_use]
    pub fn typed(schema: &Schema, subject: &'q str, action: &'q str, resource: &'q str) -> Self {
        let whole = Question::new(subject, action, resource);
        if schema.resource_type(resource).is_some() {
            return whole;
        }
        let slashes = resource.rmatch_indices('/');
        let split = slashes.filter_map(|(at, _)| Some((resource.get(..at)?, resource.get(at + 1..)?)));
        let mut known = split.filter(|(kind, _)| schema.resource_type(kind).is_some());
        known.next().map_or(whole, |(kind, id)| Question { resource: kind, object: Some(id), ..whole })
    }
}
