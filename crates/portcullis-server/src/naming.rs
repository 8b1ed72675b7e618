//! Which new names are taken, and which are not allowed.
//!
//! Decisions compare bytes. But whoever makes a member, a role or a group must not be able to pass it off as another that looks the same: two
//! names whose *folded* forms are equal (Unicode's compatibility form, without case and outer blanks) cannot both exist, and
//! characters that nobody sees are refused.

use portcullis::NAME_BYTES;
use portcullis::text::{is_invisible, quoted};
use portcullis_store::Id;
use unicode_normalization::UnicodeNormalization as _;

use crate::Refusal;

/// The form that no two may share.
pub(crate) fn folded(name: &str) -> String {
    // Folding can leave what composes anew, and what composes anew can fold again.
    let once: String = caseless::default_case_fold_str(&name.nfkc().collect::<String>());
    let twice = caseless::default_case_fold_str(&once.nfkc().collect::<String>());
    twice.nfkc().collect::<String>().trim().to_owned()
}

/// Refuses a name that is not fit for something new.
pub(crate) fn fit(what: &str, name: &str) -> Result<(), Refusal> {
    let unfit = |why: String| Err(Refusal::Invalid(format!("the name of a {what} {why}")));
    if name.trim().is_empty() {
        return unfit("is empty: give it one of 1 to 512 bytes".to_owned());
    }
    if name.len() > NAME_BYTES {
        return unfit(format!("has {} bytes, and at most {NAME_BYTES} are allowed", name.len()));
    }
    if let Some(hidden) = name.chars().find(|c| is_invisible(*c)) {
        return unfit(format!(
            "has the character U+{:04X}, which nobody sees: {}; leave it out",
            u32::from(hidden),
            quoted(name)
        ));
    }
    if Id::parse(name).is_some() {
        // Things are spoken of by their ids or by their names: no name may be taken for another's id.
        return unfit("has the form of an id: give it another".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_fold_alike() {
        for (one, other) in [
            ("Ann@Acme.example", "ann@acme.example"),
            ("ﬁle", "FILE"),
            ("Straße", "STRASSE"),
            ("  ops ", "Ops"),
            ("Å", "A\u{30a}"),
            ("Ⅷ", "viii"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("ann"), folded("anna"));
    }

    #[test]
    fn folding_what_is_folded_changes_nothing() {
        for c in ('\0'..=char::MAX).filter(|c| !c.is_whitespace()) {
            let once = folded(&c.to_string());
            assert_eq!(folded(&once), once, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn what_nobody_sees_is_refused() {
        for bad in [
            "",
            " ",
            "a\u{202e}b",
            "a\u{200b}",
            "\u{feff}a",
            "a\nb",
            "\u{0}",
            &"x".repeat(513),
            &"0".repeat(26),
        ] {
            assert!(fit("role", bad).is_err(), "{bad:?}");
        }
        for good in ["a", "ünïcode ok", "日本", &"x".repeat(512)] {
            assert!(fit("role", good).is_ok(), "{good:?}");
        }
    }
}
