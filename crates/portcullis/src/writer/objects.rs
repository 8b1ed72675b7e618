//! Edits of stored objects: store, change what is stored, remove.
//!
//! What conditions say of an object follows from its properties at the next check; nothing else changes.

use super::{Writer, refused};
use crate::condition::{Attribute, Value};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::read::name_trouble;
use crate::schema::NamedHow;
use crate::snapshot::Snapshot;
use crate::text::quoted;

impl Writer {
    /// Stores an object of a type, under the type's own name, or gives one that is stored other properties.
    ///
    /// # Errors
    /// When there is no such type, the id is not legal, the properties are no object, or there is no number left.
    pub fn put_object(
        &mut self,
        kind: &str,
        id: &str,
        properties: impl Into<Option<Attribute>>,
    ) -> Result<(), Report> {
        let (kind, properties) = (self.own_type(kind)?, properties.into());
        are_object(properties.as_ref(), "an object's properties")?;
        match self.state.objects.number(kind, id) {
            Some(object) => {
                self.state.objects.set_properties(object, properties);
                self.classify(object);
            }
            None => {
                if let Some(trouble) = name_trouble(id) {
                    let fault = Diagnostic::new(Code::IllegalName, format!("an object's id {trouble}"));
                    return Err(refused(fault.help("names have 1 to 512 bytes")));
                }
                let object = self.vacant_objects.last().copied().unwrap_or_else(|| self.state.objects.next());
                if object >= MOST {
                    let message = format!("there are {MOST} objects already");
                    return Err(refused(Diagnostic::new(Code::OutOfNumbers, message)));
                }
                self.vacant_objects.pop();
                self.state.objects.insert(object, kind, id, properties);
                self.classify(object);
            }
        }
        self.changed = true;
        Ok(())
    }

    /// Removes a stored object. References to it lead nowhere from then on.
    ///
    /// # Errors
    /// When there is no such type or object.
    pub fn remove_object(&mut self, kind: &str, id: &str) -> Result<(), Report> {
        let number = self.own_type(kind)?;
        let Some(object) = self.state.objects.number(number, id) else {
            let message = format!("there is no stored object {} of type {}", quoted(id), quoted(kind));
            return Err(refused(Diagnostic::new(Code::NotThere, message)));
        };
        self.classifier.forget(object, &mut self.state.objects);
        self.state.objects.remove(object);
        self.vacant_objects.push(object);
        self.changed = true;
        Ok(())
    }

    fn classify(&mut self, object: u32) {
        let Snapshot { schema, roles, objects, .. } = &mut self.state;
        self.classifier.place(object, schema, roles, objects);
    }

    /// The number of a type by its own name.
    fn own_type(&self, kind: &str) -> Result<u32, Report> {
        let own = self.schema().named(kind).filter(|named| named.how == NamedHow::Own);
        let types = || self.schema().types().iter().map(|kind| kind.name());
        own.map(|named| named.kind).ok_or_else(|| self.not_there("resource type", kind, types()))
    }
}

/// The most objects: numbers stay well below the one that means nobody.
const MOST: u32 = 1 << 31;

/// Refuses properties that are no object.
pub(super) fn are_object(properties: Option<&Attribute>, what: &str) -> Result<(), Report> {
    match properties.map(Attribute::value) {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => {
            let fault = Diagnostic::new(Code::WrongShape, format!("{what} must be an object"));
            Err(refused(fault.help("write `{\"team\": \"marketing\"}`, or give none")))
        }
    }
}
