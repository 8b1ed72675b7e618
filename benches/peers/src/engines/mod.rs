//! The engines that are compared, one module each, and the list of them.
//!
//! A module says in its head how its engine is set up and why that is the best honest way that was found: what may be prepared when
//! members and roles change is prepared in `load`, what depends on the question is done in `check`, and strings come in as
//! they do from a request. No engine may remember answers unless its own cache is what is measured, and none sees what is
//! expected. Every one of them knows deny, one way or the other.

mod biscuit;
mod by_hand;
mod casbin;
mod cedar;
mod gatehouse;
mod oso;
mod portcullis;
mod regorus;
mod role_system;

use std::fmt::Display;
use std::sync::Mutex;

use portcullis_benches::Trouble;
use portcullis_benches::field::Field;

pub use self::casbin::Casbin;
pub use self::cedar::Cedar;
use crate::child::{Orders, serve};

/// Subject, action, resource type.
pub type Question<'q> = (&'q str, &'q str, &'q str);

/// What is compared.
pub trait Engine: Sized {
    /// Takes up roles and members; how long this takes and what it holds afterwards is measured.
    ///
    /// # Errors
    /// When the engine refuses them.
    fn load(field: &Field) -> Result<Self, Trouble>;

    /// One decision. An engine that fails to decide ends the run with [`broken`]: it must not pass for a deny.
    fn check(&mut self, question: Question<'_>) -> bool;

    /// Whether the entry can be asked this; handles, for one, there are only of what is known.
    fn takes(&self, _question: Question<'_>) -> bool {
        true
    }

    /// What may be done beforehand for the questions to come; only entries by handles, which are shown apart, do anything.
    fn prepare(&mut self, _questions: &[Question<'_>]) {}

    /// The decisions on some questions, of which the first has this number among those prepared.
    fn decide(&mut self, _first: usize, questions: &[Question<'_>], decisions: &mut Vec<bool>) {
        decisions.extend(questions.iter().map(|&question| self.check(question)));
    }

    /// How many of the first questions are allowed: what is timed.
    fn count(&mut self, questions: &[Question<'_>]) -> usize {
        questions.iter().map(|&question| usize::from(self.check(question))).sum()
    }
}

/// What the engines are given, for the message of one that breaks down.
static UNDER_TEST: Mutex<String> = Mutex::new(String::new());

/// Remembers what the engines are given.
pub fn under_test(case: &str) {
    if let Ok(mut kept) = UNDER_TEST.lock() {
        case.clone_into(&mut kept);
    }
}

/// Ends a run in which an engine failed to answer.
pub fn broken(question: Question<'_>, error: impl Display) -> ! {
    let case = UNDER_TEST.lock().map(|kept| kept.clone()).unwrap_or_default();
    eprintln!("the engine could not decide {question:?}: {error}\n{case}");
    std::process::exit(3);
}

/// An engine or an entry of one.
pub struct Entry {
    /// As in tables.
    pub name: &'static str,
    /// The crate whose version is shown.
    pub package: Option<&'static str>,
    /// How it is set up, in a few words.
    pub setup: &'static str,
    /// Whether the question comes as three strings; the others are shown apart.
    pub strings: bool,
    /// Whether it takes many seconds where members and roles are both many; a quick run leaves it out there.
    pub heavy: bool,
    /// What its child process does.
    pub serve: fn(&Orders) -> Result<(), Trouble>,
}

const fn entry(
    name: &'static str,
    package: Option<&'static str>,
    setup: &'static str,
    serve: Serve,
) -> Entry {
    Entry { name, package, setup, strings: true, heavy: false, serve }
}

type Serve = fn(&Orders) -> Result<(), Trouble>;

/// The entry by three strings with which all others are compared.
pub const OURS: &str = "portcullis";

/// All of them, in the order of the tables.
pub const ALL: &[Entry] = &[
    entry(OURS, None, "three strings, one by one", serve::<portcullis::Names>),
    entry("portcullis, batches", None, "three strings, 1,024 together", serve::<portcullis::NamesTogether>),
    Entry {
        strings: false,
        ..entry("portcullis, handles", None, "prepared handles", serve::<portcullis::Handles>)
    },
    Entry {
        strings: false,
        ..entry(
            "portcullis, handles in batches",
            None,
            "columns of handles",
            serve::<portcullis::HandlesTogether>,
        )
    },
    entry(
        "by hand, roles, foldhash",
        Some("foldhash"),
        by_hand::ROLES,
        serve::<by_hand::Roles<foldhash::fast::RandomState>>,
    ),
    entry("by hand, roles, std", None, by_hand::ROLES, serve::<by_hand::Roles<std::hash::RandomState>>),
    Entry {
        heavy: true,
        ..entry(
            "by hand, triples, foldhash",
            Some("foldhash"),
            by_hand::TRIPLES,
            serve::<by_hand::Triples<foldhash::fast::RandomState>>,
        )
    },
    Entry {
        heavy: true,
        ..entry(
            "by hand, triples, std",
            None,
            by_hand::TRIPLES,
            serve::<by_hand::Triples<std::hash::RandomState>>,
        )
    },
    entry("gatehouse", Some("gatehouse"), gatehouse::SETUP, serve::<gatehouse::Gatehouse>),
    entry("regorus, RVM", Some("regorus"), regorus::SETUP, serve::<regorus::Bytecode>),
    entry("regorus, interpreter", Some("regorus"), regorus::SETUP, serve::<regorus::Interpreter>),
    entry("role-system", Some("role-system"), role_system::SETUP, serve::<role_system::System>),
    entry("role-system, cached", Some("role-system"), role_system::CACHED, serve::<role_system::Cached>),
    Entry {
        heavy: true,
        ..entry("cedar-policy, sliced", Some("cedar-policy"), cedar::SLICED, serve::<cedar::Sliced>)
    },
    Entry { heavy: true, ..entry("cedar-policy", Some("cedar-policy"), cedar::SETUP, serve::<cedar::Cedar>) },
    Entry { heavy: true, ..entry("casbin", Some("casbin"), casbin::SETUP, serve::<casbin::Casbin>) },
    Entry { heavy: true, ..entry("casbin, cached", Some("casbin"), casbin::CACHED, serve::<casbin::Cached>) },
    Entry { heavy: true, ..entry("oso", Some("oso"), oso::SETUP, serve::<oso::Polar>) },
    entry("biscuit-auth", Some("biscuit-auth"), biscuit::SETUP, serve::<biscuit::Biscuit>),
];

/// The entry of this name.
pub fn named(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One by one, and together as they are timed.
    fn agrees<E: Engine>(field: &Field) {
        let stream = field.stream(400);
        let mut engine = E::load(field).unwrap();
        let all = stream.questions().into_iter().zip(stream.expected().iter().copied());
        let (questions, expected): (Vec<_>, Vec<_>) =
            all.filter(|(question, _)| engine.takes(*question)).unzip();
        assert!(questions.len() > 200 && expected.contains(&true) && expected.contains(&false));
        engine.prepare(&questions);
        let (mut decisions, name) = (Vec::new(), std::any::type_name::<E>());
        engine.decide(0, &questions, &mut decisions);
        for ((question, expected), decided) in questions.iter().zip(&expected).zip(&decisions) {
            assert_eq!((engine.check(*question), decided), (*expected, expected), "{name}: {question:?}");
        }
        assert_eq!(engine.count(&questions), expected.iter().filter(|allowed| **allowed).count(), "{name}");
    }

    #[test]
    fn every_engine_decides_as_expected_with_denies_and_without() {
        for roles in [5, 60] {
            let field = Field::new(80, roles).unwrap();
            agrees::<portcullis::Names>(&field);
            agrees::<portcullis::NamesTogether>(&field);
            agrees::<portcullis::Handles>(&field);
            agrees::<portcullis::HandlesTogether>(&field);
            agrees::<by_hand::Roles<foldhash::fast::RandomState>>(&field);
            agrees::<by_hand::Triples<std::hash::RandomState>>(&field);
            agrees::<gatehouse::Gatehouse>(&field);
            agrees::<regorus::Bytecode>(&field);
            agrees::<regorus::Interpreter>(&field);
            agrees::<role_system::System>(&field);
            agrees::<role_system::Cached>(&field);
            agrees::<cedar::Sliced>(&field);
            agrees::<Cedar>(&field);
            agrees::<Casbin>(&field);
            agrees::<casbin::Cached>(&field);
            agrees::<oso::Polar>(&field);
            agrees::<biscuit::Biscuit>(&field);
        }
    }
}
