//! Names in a workspace: given in code, or standing in its file.
//!
//! What was read from a file is not copied: a mention is its place, and its text is that of the source. A workspace
//! of a million members has three million mentions, and a copy of each would cost more memory and more time than all
//! else that reading it does. Only a name with escapes is kept decoded.

use crate::json::between_quotes;
use crate::source::Span;

/// A name somewhere in a workspace, with its place when it came from a file.
#[derive(Clone, Debug)]
pub(crate) enum Mention {
    /// Given in code.
    Given(Box<str>),
    /// Stands in the workspace's source, between plain quotes and without escapes.
    Written(Span),
    /// Stands there in other words.
    Decoded(Box<Decoded>),
}

/// What is written with escapes or in odd quotes: what it comes to, and its place.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    pub(crate) name: Box<str>,
    pub(crate) span: Span,
}

impl Mention {
    pub(super) fn given(name: impl Into<Box<str>>) -> Self {
        Mention::Given(name.into())
    }

    /// The name; `text` is that of the workspace's source.
    pub(super) fn name<'m>(&'m self, text: &'m str) -> &'m str {
        match self {
            Mention::Given(name) => name,
            Mention::Written(span) => between_quotes(text.get(span.range()).unwrap_or("")),
            Mention::Decoded(decoded) => &decoded.name,
        }
    }

    /// Its place; none when it was given in code.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Mention::Given(_) => None,
            Mention::Written(span) => Some(*span),
            Mention::Decoded(decoded) => Some(decoded.span),
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
        assert!(size_of::<Option<Mention>>() <= 24, "a million members have two each");
    }
}
