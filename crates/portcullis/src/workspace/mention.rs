//! Names in a workspace: given in code, or standing in its file.
//!
//! What was read from a file is not copied: a mention is its place, and its text is that of the source. A workspace
//! of a million members has three million mentions, and a copy of each would cost more memory and more time than all
//! else that reading it does. Only a name with escapes is kept decoded. Names that are given in code lie one after the other in one
//! text ([`Texts`]): a small piece of memory for each would outlive the workspace, in that the heap would keep the holes.

use crate::json::between_quotes;
use crate::source::Span;

/// A name somewhere in a workspace, with its place when it came from a file.
#[derive(Clone, Debug)]
pub(crate) enum Mention {
    /// Given in code: a part of the workspace's texts.
    Given { start: u64, length: u32 },
    /// Stands in the workspace's source, between plain quotes and without escapes.
    Written(Span),
    /// Stands there in other words.
    Decoded(Box<Decoded>),
}

/// What is written with escapes or in odd quotes: what it comes to, and its place.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    pub(crate) name: Box<str>,
    /// None of a name that is kept because nothing else does.
    pub(crate) span: Option<Span>,
}

/// Names that were given in code, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts(String);

impl Texts {
    /// Adds a name.
    pub(super) fn give(&mut self, name: &str) -> Mention {
        let start = self.0.len() as u64;
        // A name that is too long to be one is refused when the workspace is compiled, and its beginning is too long already.
        let end = name.floor_char_boundary(u32::MAX as usize);
        self.0.push_str(name.get(..end).unwrap_or(name));
        Mention::Given { start, length: end as u32 }
    }

    /// Takes over names that were given elsewhere, after [`Mention::move_by`] of their mentions.
    pub(super) fn append(&mut self, more: &Texts) {
        self.0.push_str(&more.0);
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Mention {
    /// A name that lies by itself.
    pub(super) fn alone(name: impl Into<Box<str>>) -> Self {
        Mention::Decoded(Box::new(Decoded { name: name.into(), span: None }))
    }

    /// Moves a name that was given to where its text goes: behind so many bytes of others.
    pub(super) fn move_by(&mut self, bytes: usize) {
        if let Mention::Given { start, .. } = self {
            *start += bytes as u64;
        }
    }

    /// The name, out of what was given or out of the text of the workspace's source.
    pub(crate) fn name<'m>(&'m self, given: &'m Texts, text: &'m str) -> &'m str {
        match self {
            Mention::Given { start, length } => {
                let rest = given.0.get(*start as usize..);
                rest.and_then(|rest| rest.get(..*length as usize)).unwrap_or("")
            }
            Mention::Written(span) => between_quotes(text.get(span.range()).unwrap_or("")),
            Mention::Decoded(decoded) => &decoded.name,
        }
    }

    /// Its place; none when it was given in code.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Mention::Given { .. } => None,
            Mention::Written(span) => Some(*span),
            Mention::Decoded(decoded) => decoded.span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::{NoFiles, Workspace};

    #[test]
    fn escaped_names_are_who_they_mean_wherever_they_stand() {
        let read = |more: &str| {
            let text = r#"{"workspace": "w", "schema": "hightouch", "default_role": "vi\u0065wer",
                "roles": {"\u0061": {"version": "2022-04-26", "policies": []}},
                "groups": {"t\u0065am": {"roles": ["\u0061dmin", "a"], "members": ["\u0061nn", "eve"]}},
                "members": {"ann": {"role": "\u0065ditor"}, "ev\u0065": {}MORE}}"#;
            Workspace::read(&Source::new("w.json", text.replace("MORE", more)), &NoFiles).unwrap().0.compile()
        };
        let (snapshot, _) = read("").unwrap();
        assert!(snapshot.members().eq(["ann", "eve"]));
        assert!(snapshot.check("eve", "delete", "workspace").is_allowed());
        let report = read(r#", "b\u006fb": {"role": "edit\u006fs"}"#).unwrap_err();
        let fault = report.iter().next().unwrap();
        assert_eq!(fault.message, "the member `bob` names the role `editos`, which does not exist");
        let place = fault.primary.as_ref().unwrap();
        assert_eq!(place.source.slice(place.span), r#""edit\u006fs""#);
    }

    #[test]
    fn mentions_stay_small() {
        assert!(size_of::<Option<Mention>>() <= 16, "a million members have two each");
    }
}
