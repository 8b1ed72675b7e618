//! Three values: true, false and unknown, joined by Kleene's rules.
//!
//! The order *false, unknown, true* is the whole logic: *and* is the least, *or* the greatest, *not*
//! turns the order around. What an unknown means for an allow and for a deny is said here and nowhere
//! else, so that missing data cannot come to open a gate in one place and not in another.

use crate::policy::Effect;

/// What a test, or a condition, comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It does not hold.
    False,
    /// It cannot be said: an attribute is missing, of the wrong type, or in conflict.
    Unknown,
    /// It holds.
    True,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::False => "false",
            Outcome::Unknown => "unknown",
            Outcome::True => "true",
        }
    }

    /// Both: false beats unknown, unknown beats true.
    #[inline]
    #[must_use]
    pub fn and(self, other: Outcome) -> Outcome {
        self.min(other)
    }

    /// Either: true beats unknown, unknown beats false.
    #[inline]
    #[must_use]
    pub fn or(self, other: Outcome) -> Outcome {
        self.max(other)
    }

    /// Whether a statement of this effect applies: an allow when its condition is true, a deny also when it is unknown.
    #[inline]
    #[must_use]
    pub fn applies(self, effect: Effect) -> bool {
        match effect {
            Effect::Allow => self == Outcome::True,
            Effect::Deny => self != Outcome::False,
        }
    }
}

impl std::ops::Not for Outcome {
    type Output = Outcome;

    /// True and false change places; unknown stays.
    #[inline]
    fn not(self) -> Outcome {
        match self {
            Outcome::False => Outcome::True,
            Outcome::Unknown => Outcome::Unknown,
            Outcome::True => Outcome::False,
        }
    }
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Outcome::True } else { Outcome::False }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome::{False, True, Unknown};
    use super::*;

    const ALL: [Outcome; 3] = [False, Unknown, True];

    #[test]
    fn kleene_says_what_kleene_said() {
        let and = [False, False, False, False, Unknown, Unknown, False, Unknown, True];
        let or = [False, Unknown, True, Unknown, Unknown, True, True, True, True];
        let pairs = ALL.iter().flat_map(|&one| ALL.iter().map(move |&other| (one, other)));
        for ((one, other), (both, either)) in pairs.zip(and.into_iter().zip(or)) {
            assert_eq!((one.and(other), one.or(other)), (both, either), "{one} {other}");
            assert_eq!(!(one.and(other)), (!one).or(!other), "de Morgan");
            assert_eq!(!!one, one);
        }
        assert_eq!(ALL.map(|outcome| !outcome), [True, Unknown, False]);
    }

    #[test]
    fn what_is_unknown_never_opens_the_gate() {
        assert_eq!(ALL.map(|outcome| outcome.applies(Effect::Allow)), [false, false, true]);
        assert_eq!(ALL.map(|outcome| outcome.applies(Effect::Deny)), [false, true, true]);
    }
}
