//! What Portcullis does that the other engines are not compared in, on the same field: searches, explanations, differences, compiling, edits, and
//! reads beside a writer.
//!
//! Everything is compared before it is timed: the stream with the reference's answers, searches with checks one by one. A figure is the median
//! of several goes; how many things one go does is chosen so that the clock does not matter.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::{Document, Question, Schema, Snapshot, Source, Writer, diff_snapshots};

use crate::field::{Field, id_of};
use crate::{QUESTIONS, Trouble, real_documents};

/// A figure: what was done, how much, of what.
pub type Figure = (String, f64, &'static str);

/// How long readers read beside a writer.
const READING: Duration = Duration::from_millis(400);

/// How long the writer rests between two publications.
const REST: Duration = Duration::from_millis(1);

/// Median nanoseconds of one of `things`, over so many goes.
fn median(goes: usize, things: usize, mut go: impl FnMut(usize)) -> f64 {
    let mut took: Vec<f64> = (0..goes.max(1))
        .map(|number| {
            let started = Instant::now();
            go(number);
            started.elapsed().as_nanos() as f64 / things.max(1) as f64
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took.get(took.len() / 2).copied().unwrap_or(0.0)
}

/// All figures of a field.
///
/// # Errors
/// When something decides otherwise than expected, or a workspace does not compile.
pub fn alone(field: &Field, quick: bool) -> Result<Vec<Figure>, Trouble> {
    let goes = if quick { 5 } else { 15 };
    let mut told = Vec::new();
    let workspace = field.workspace()?;
    let compile = median(if field.count() > 100_000 { 3 } else { goes }, 1, |_| {
        black_box(workspace.compile().is_ok());
    });
    told.push(("compile a workspace in memory".to_owned(), compile, "ns"));
    told.push(("compile a real document, mean of the five".to_owned(), documents(goes)?, "ns"));
    let (snapshot, _) = workspace.compile()?;
    drop(workspace);
    told.push(("bytes of the snapshot, by its own count".to_owned(), snapshot.bytes() as f64, "bytes"));
    let stream = field.stream(QUESTIONS);
    let questions = stream.questions();
    for (&(subject, action, resource), &expected) in questions.iter().zip(stream.expected()) {
        if snapshot.check(subject, action, resource).is_allowed() != expected {
            return Err(format!("{subject} {action} {resource}: expected {expected}").into());
        }
    }
    asked(&snapshot, &questions, goes, &mut told)?;
    searched(&snapshot, &questions, goes, &mut told)?;
    edited(field, snapshot, &questions, goes, &mut told)?;
    Ok(told)
}

fn documents(goes: usize) -> Result<f64, Trouble> {
    let schema = Schema::hightouch()?;
    let sources: Vec<_> = real_documents()?.into_iter().map(|(name, text)| Source::new(name, text)).collect();
    for source in &sources {
        Document::read(source)?.0.resolve(&schema)?;
    }
    const TIMES: usize = 200;
    Ok(median(goes, TIMES * sources.len(), |_| {
        for source in sources.iter().cycle().take(TIMES * sources.len()) {
            let grants = Document::read(source).and_then(|(document, _)| document.resolve(&schema));
            black_box(grants.map(|(grants, _)| grants.planes()).ok());
        }
    }))
}

type Asked<'q> = [(&'q str, &'q str, &'q str)];

/// Checks with the subject known beforehand, and explanations.
fn asked(
    snapshot: &Snapshot,
    questions: &Asked<'_>,
    goes: usize,
    told: &mut Vec<Figure>,
) -> Result<(), Trouble> {
    let prepared: Vec<_> = questions
        .iter()
        .filter_map(|&(subject, action, resource)| {
            Some((snapshot.subject(subject)?, action, resource, subject))
        })
        .collect();
    let by_subject = |subject, action: &str, resource: &str| {
        snapshot.permission(action, resource).is_ok_and(|it| snapshot.check_handles(subject, it).is_allowed())
    };
    for &(handle, action, resource, subject) in &prepared {
        if by_subject(handle, action, resource) != snapshot.check(subject, action, resource).is_allowed() {
            return Err(format!("handle and name disagree on {subject} {action} {resource}").into());
        }
    }
    let checks = median(goes, prepared.len(), |_| {
        let allowed =
            prepared.iter().map(|&(handle, action, resource, _)| by_subject(handle, action, resource));
        black_box(allowed.filter(|allowed| *allowed).count());
    });
    told.push(("check, subject prepared, two strings".to_owned(), checks, "ns"));
    let few = prepared.get(..prepared.len().min(500)).unwrap_or(&[]);
    let explained = median(goes.min(5), few.len(), |_| {
        for &(_, action, resource, subject) in few {
            black_box(snapshot.explain(&Question::new(subject, action, resource)).determining.len());
        }
    });
    told.push(("explain a member's question".to_owned(), explained, "ns"));
    Ok(())
}

fn searched(
    snapshot: &Snapshot,
    questions: &Asked<'_>,
    goes: usize,
    told: &mut Vec<Figure>,
) -> Result<(), Trouble> {
    let who = |action: &str, kind: &str| -> Result<Vec<&str>, Trouble> {
        snapshot.who(action, kind).map_err(|reason| format!("who may {action} {kind}: {reason:?}").into())
    };
    let found = who("update", "sync")?;
    let may = snapshot.members().filter(|id| snapshot.check(id, "update", "sync").is_allowed()).count();
    if found.len() != may {
        return Err(format!("who finds {} of {may} who may update syncs", found.len()).into());
    }
    let members = snapshot.member_count();
    let took = median(goes, 1, |_| {
        black_box(snapshot.who("update", "sync").map_or(0, |found| found.len()));
    });
    told.push(("who may update syncs, names in order".to_owned(), took, "ns"));
    told.push(("the same, a member".to_owned(), took / members.max(1) as f64, "ns"));
    let update =
        snapshot.permission("update", "sync").map_err(|reason| format!("update sync: {reason:?}"))?.id();
    if snapshot.matrix().subjects_of(update).count() != may {
        return Err("the matrix finds others than the snapshot".into());
    }
    let took = median(goes, members, |_| {
        // Every handle looked at, as who writes them out does.
        let handles = snapshot.matrix().subjects_of(update).map(|(subject, _)| subject.index() as u64);
        black_box(handles.fold(0, u64::wrapping_add));
    });
    told.push(("who may update syncs, as numbers, a member".to_owned(), took, "ns"));
    let subjects: Vec<&str> = questions.iter().map(|(subject, _, _)| *subject).take(2_000).collect();
    for subject in subjects.iter().take(200) {
        for (action, kind) in snapshot.what(subject).into_iter().flatten() {
            if !snapshot.check(subject, action, kind).is_allowed() {
                return Err(format!("what says that {subject} may {action} {kind}; check denies").into());
            }
        }
    }
    let what = median(goes, subjects.len(), |_| {
        for subject in &subjects {
            black_box(snapshot.what(subject).map_or(0, Iterator::count));
        }
    });
    told.push(("what may one member do".to_owned(), what, "ns"));
    Ok(())
}

/// Edits, each published while a reader holds the snapshot before; what they come to; and reads beside them.
fn edited(
    field: &Field,
    snapshot: Snapshot,
    questions: &Asked<'_>,
    goes: usize,
    told: &mut Vec<Figure>,
) -> Result<(), Trouble> {
    let last = field.roles.last().ok_or("a field without roles")?;
    let name = &*last.name;
    let texts = [
        last.document.to_string(),
        r#"{"version":"2022-04-26","policies":[{"effect":"allow","actions":"read","resource":"*"}]}"#
            .to_owned(),
    ];
    let documents: Vec<_> = texts
        .iter()
        .map(|text| Ok(std::sync::Arc::new(Document::read(&Source::new(name, text.clone()))?.0)))
        .collect::<Result<Vec<_>, Trouble>>()?;
    let before = snapshot.clone();
    let mut writer = Writer::new(snapshot);
    let mut reader = writer.reader();
    let mut failed = None;
    let edits = goes * 40;
    let role_edit = median(edits, 1, |number| {
        let Some(document) = documents.get((number + 1) % 2) else { return };
        failed = writer.replace_role(name, document.clone()).err().or(failed.take());
        writer.publish();
        black_box(reader.snapshot());
    });
    told.push(("replace a role and publish".to_owned(), role_edit, "ns"));
    let member_edit = median(edits, 1, |number| {
        let id = id_of(number.wrapping_mul(7_919) % field.count().max(1));
        let role = if number % 2 == 0 { "viewer" } else { "editor" };
        failed = writer.set_member_role(&id, role).err().or(failed.take());
        writer.publish();
        black_box(reader.snapshot());
    });
    told.push(("change a member's role and publish".to_owned(), member_edit, "ns"));
    if let Some(report) = failed {
        return Err(report.into());
    }
    let after = writer.publish().clone();
    let changed = diff_snapshots(&before, &after).len();
    if changed == 0 {
        return Err("the edits changed nobody's permissions".into());
    }
    let difference = median(if field.count() > 100_000 { 2 } else { goes }, 1, |_| {
        black_box(diff_snapshots(&before, &after).len());
    });
    told.push(("difference to the workspace before the edits".to_owned(), difference, "ns"));
    for threads in [1, 2] {
        let took = beside(&mut writer, questions, threads)?;
        told.push((
            format!("check by three strings, {threads} reading, a writer publishing every ms"),
            took,
            "ns",
        ));
    }
    Ok(())
}

/// Nanoseconds a check and thread, while members' roles are edited and published.
fn beside(writer: &mut Writer, questions: &Asked<'_>, threads: usize) -> Result<f64, Trouble> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|number| {
                let mut reader = writer.reader();
                let stop = &stop;
                scope.spawn(move || {
                    let (mut checks, started) = (0_usize, Instant::now());
                    let mut asked = questions.iter().cycle().skip(number * 1_000);
                    while !stop.load(Ordering::Relaxed) {
                        for &(subject, action, resource) in asked.by_ref().take(1_024) {
                            black_box(reader.check(subject, action, resource).is_allowed());
                        }
                        checks += 1_024;
                    }
                    started.elapsed().as_nanos() as f64 / checks.max(1) as f64
                })
            })
            .collect();
        let started = Instant::now();
        let mut wrong = None;
        for number in 0.. {
            if started.elapsed() > READING {
                break;
            }
            let role = if number % 2 == 0 { "admin" } else { "viewer" };
            wrong = writer.set_member_role(&id_of(number % 5), role).err().or(wrong);
            writer.publish();
            thread::sleep(REST);
        }
        stop.store(true, Ordering::Relaxed);
        let mut sum = 0.0;
        for reader in readers {
            sum += reader.join().map_err(|_| "a reader came to grief")?;
        }
        match wrong {
            Some(report) => Err(report.into()),
            None => Ok(sum / threads as f64),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_measured_on_a_small_field() {
        for roles in [5, 40] {
            let figures = alone(&Field::new(60, roles).unwrap(), true).unwrap();
            assert_eq!(figures.len(), 14);
            assert!(figures.iter().all(|(what, value, _)| *value > 0.0 && !what.is_empty()));
        }
    }
}
