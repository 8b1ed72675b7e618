//! What runs under callgrind: one workspace, asked through every entry.
//!
//! A call is counted from the first to the last instruction of one of the functions whose names begin with [`COUNTED`], which are never inlined
//! and call nothing but the library. Callgrind tells calls of one function apart by who called it and by who called that one, so each of
//! [`SINGLES`] questions is asked from one of a hundred places, called from one of a hundred: a place is the same function made once more
//! under another number.

use std::hint::black_box;

use portcullis::matrix::{Matrix, Permission, Subject, Verdict};
use portcullis::{Decision, Snapshot};

use super::questions::{Draw, Named, Stream};
use super::sizes::Size;
use crate::Trouble;

/// How the names of all functions that are counted begin.
pub const COUNTED: &str = "counted_";

/// How many questions are asked one by one through an entry, each counted by itself.
pub const SINGLES: usize = PLACES * PLACES;

/// How many questions a batch has.
pub const BATCH: usize = 1_000;

/// How many batches are asked at least.
const BATCHES: usize = 10;

const PLACES: usize = 100;

/// How a question can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// `Matrix::check` of two handles.
    TypedVerdict,
    /// `Snapshot::check_handles`.
    TypedDecision,
    /// `Snapshot::check_batch`.
    TypedBatch,
    /// `Snapshot::check`.
    Strings,
    /// `Snapshot::check_many`.
    StringsMany,
    /// `Snapshot::check` of pairs under other names or not admitted.
    StringsAside,
}

impl Entry {
    /// All entries in the order of tables.
    pub const ALL: [Entry; 6] = [
        Entry::TypedVerdict,
        Entry::TypedDecision,
        Entry::TypedBatch,
        Entry::Strings,
        Entry::StringsMany,
        Entry::StringsAside,
    ];

    /// What the entry is called in tables and in the baseline.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Entry::TypedVerdict => "typed verdict",
            Entry::TypedDecision => "typed decision",
            Entry::TypedBatch => "typed batch",
            Entry::Strings => "strings",
            Entry::StringsMany => "strings batch",
            Entry::StringsAside => "strings aside",
        }
    }

    /// The name of the function that is counted.
    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Entry::TypedVerdict => "counted_typed_verdict",
            Entry::TypedDecision => "counted_typed_decision",
            Entry::TypedBatch => "counted_typed_batch",
            Entry::Strings => "counted_strings_one",
            Entry::StringsMany => "counted_strings_many",
            Entry::StringsAside => "counted_strings_aside",
        }
    }

    /// Whether questions are answered together, so that no one of them has a count of its own.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self, Entry::TypedBatch | Entry::StringsMany)
    }
}

#[inline(never)]
fn counted_typed_verdict(matrix: &Matrix, subject: Subject, permission: Permission) -> Verdict {
    matrix.check(subject, permission)
}

#[inline(never)]
fn counted_typed_decision(snapshot: &Snapshot, subject: Subject, permission: Permission) -> Decision {
    snapshot.check_handles(subject, permission)
}

#[inline(never)]
fn counted_typed_batch(
    snapshot: &Snapshot,
    (subjects, permissions): (&[Subject], &[Permission]),
    granted: &mut [u64],
    open: &mut [u64],
) {
    snapshot.check_batch(subjects, permissions, granted, open);
}

#[inline(never)]
fn counted_strings_one(snapshot: &Snapshot, (subject, action, resource): (&str, &str, &str)) -> Decision {
    snapshot.check(subject, action, resource)
}

#[inline(never)]
fn counted_strings_aside(snapshot: &Snapshot, (subject, action, resource): (&str, &str, &str)) -> Decision {
    // Another function by what it returns: the compiler makes one of two that are alike.
    black_box(snapshot.check(subject, action, resource))
}

#[inline(never)]
fn counted_strings_many(snapshot: &Snapshot, questions: &[(&str, &str, &str)], decisions: &mut [Decision]) {
    snapshot.check_many(questions, decisions);
}

/// One call.
#[derive(Clone, Copy)]
enum Call<'c> {
    Verdict(Subject, Permission),
    Decision(Subject, Permission),
    Strings(&'c Named),
    Aside(&'c Named),
}

impl Call<'_> {
    /// Whether it allows. Inlined, so that the place is what calls the function that is counted.
    #[inline(always)]
    fn is_allowed(self, snapshot: &Snapshot) -> bool {
        match self {
            Call::Verdict(subject, permission) => {
                counted_typed_verdict(snapshot.matrix(), subject, permission) == Verdict::Allow
            }
            Call::Decision(subject, permission) => {
                counted_typed_decision(snapshot, subject, permission).is_allowed()
            }
            Call::Strings(question) => counted_strings_one(snapshot, question.parts()).is_allowed(),
            Call::Aside(question) => counted_strings_aside(snapshot, question.parts()).is_allowed(),
        }
    }
}

type Inner = fn(&Snapshot, Call<'_>) -> bool;
type Outer = fn(Inner, &Snapshot, Call<'_>) -> bool;

#[inline(never)]
fn inner<const PLACE: usize>(snapshot: &Snapshot, call: Call<'_>) -> bool {
    let answer = call.is_allowed(snapshot);
    // After the call, so that it is no jump; and different in every place, so that places stay apart.
    black_box(PLACE);
    answer
}

#[inline(never)]
fn outer<const PLACE: usize>(place: Inner, snapshot: &Snapshot, call: Call<'_>) -> bool {
    let answer = place(snapshot, call);
    black_box(PLACE);
    answer
}

macro_rules! hundred {
    ($place:ident) => {
        hundred!($place; 0 10 20 30 40 50 60 70 80 90)
    };
    ($place:ident; $($ten:literal)*) => {
        [$(
            $place::<{ $ten }>, $place::<{ $ten + 1 }>, $place::<{ $ten + 2 }>, $place::<{ $ten + 3 }>,
            $place::<{ $ten + 4 }>, $place::<{ $ten + 5 }>, $place::<{ $ten + 6 }>, $place::<{ $ten + 7 }>,
            $place::<{ $ten + 8 }>, $place::<{ $ten + 9 }>,
        )*]
    };
}

static INNER: [Inner; PLACES] = hundred!(inner);
static OUTER: [Outer; PLACES] = hundred!(outer);

/// Asks from the place of a number, which no other question is asked from.
fn single(number: usize, snapshot: &Snapshot, call: Call<'_>) -> Option<bool> {
    let (outer, inner) = (OUTER.get(number / PLACES % PLACES)?, INNER.get(number % PLACES)?);
    Some(outer(*inner, snapshot, call))
}

/// How many questions are asked in batches at a size.
#[must_use]
pub fn batched(size: &Size) -> usize {
    BATCH * size.seeds.max(BATCHES)
}

/// Asks all questions about a size through all entries.
///
/// # Errors
/// When the workspace cannot be made, or two entries disagree.
pub fn run(size: &Size) -> Result<(), Trouble> {
    let each = SINGLES / size.seeds;
    let mut schema = size.schema()?;
    let mut workspace = size.workspace(&schema)?;
    for round in 0..size.seeds {
        if round > 0 && round % size.kept == 0 {
            schema = size.schema()?;
            workspace = size.workspace(&schema)?;
        }
        let snapshot = workspace.compile()?.0;
        let mut draw = Draw::new(size, &schema, round as u64);
        let first = round * each;
        let handles = draw.handles(each, &snapshot)?;
        for (number, &(subject, permission)) in (first..).zip(&handles) {
            let verdict = single(number, &snapshot, Call::Verdict(subject, permission));
            let decision = single(number, &snapshot, Call::Decision(subject, permission));
            if verdict.is_none() || verdict != decision {
                return Err(format!("{}: verdict and decision disagree on handles", size.name).into());
            }
        }
        for (number, question) in (first..).zip(draw.named(each, Stream::Main)) {
            one(number, &snapshot, &question, Call::Strings(&question))?;
        }
        for (number, question) in (first..).zip(draw.named(each, Stream::Aside)) {
            one(number, &snapshot, &question, Call::Aside(&question))?;
        }
        for _ in 0..BATCHES.div_ceil(size.seeds) {
            batches(&snapshot, &mut draw)?;
        }
    }
    Ok(())
}

/// A question by name, whose answer is that of its handles where it has some.
fn one(number: usize, snapshot: &Snapshot, question: &Named, call: Call<'_>) -> Result<(), Trouble> {
    let answer = single(number, snapshot, call).ok_or("there is no place for this question")?;
    let (subject, action, resource) = question.parts();
    let typed = snapshot.subject(subject).zip(snapshot.permission(action, resource).ok());
    let typed =
        typed.is_some_and(|(subject, permission)| snapshot.check_handles(subject, permission).is_allowed());
    if answer == typed {
        return Ok(());
    }
    Err(format!("{subject} {action} {resource}: {answer} by names, {typed} by handles").into())
}

/// One batch of each kind, compared with checks one by one.
fn batches(snapshot: &Snapshot, draw: &mut Draw<'_>) -> Result<(), Trouble> {
    let (subjects, permissions): (Vec<Subject>, Vec<Permission>) =
        draw.handles(BATCH, snapshot)?.into_iter().unzip();
    let mut granted = vec![0; BATCH.div_ceil(64)];
    let mut open = granted.clone();
    counted_typed_batch(snapshot, (&subjects, &permissions), &mut granted, &mut open);
    let handles = subjects.iter().zip(&permissions);
    let allowed = handles.filter(|(s, p)| snapshot.check_handles(**s, **p).is_allowed()).count();
    if granted.iter().map(|word| word.count_ones() as usize).sum::<usize>() != allowed {
        return Err("a batch of handles and checks one by one disagree".into());
    }
    let questions = draw.named(BATCH, Stream::Main);
    let questions: Vec<_> = questions.iter().map(Named::parts).collect();
    let mut decisions = vec![Decision::default(); BATCH];
    counted_strings_many(snapshot, &questions, &mut decisions);
    let mut answers = questions.iter().zip(&decisions);
    if answers
        .any(|((subject, action, resource), decision)| snapshot.check(subject, action, resource) != *decision)
    {
        return Err("a batch of questions and checks one by one disagree".into());
    }
    Ok(())
}
