//! Counts that must be refused, each for one thing that is wrong with it, beside counts that must pass.

use super::*;

/// Counts as they should be: typed ones equal in each class, those by names above them and a little apart.
fn sound() -> Counts {
    let mut counts = Counts::new();
    for (number, size) in SIZES.iter().enumerate() {
        let typed = Class::of(Entry::TypedDecision, size);
        let layout = 50.0 + 15.0 * f64::from(typed.wide) + 5.0 * f64::from(typed.far);
        for entry in Entry::ALL {
            let mean = if is_exact(entry) { layout } else { layout + 350.0 + number as f64 % 3.0 };
            let singles = if is_exact(entry) { (mean as u64, mean as u64) } else { (300, 900) };
            let singles = (!entry.is_batch()).then_some(singles);
            counts.insert((entry, size.name), Count { mean, singles });
        }
    }
    counts
}

fn changed(entry: Entry, size: &'static str, change: impl FnOnce(&mut Count)) -> Counts {
    let mut counts = sound();
    change(counts.get_mut(&(entry, size)).unwrap());
    counts
}

/// The one fault that a change of sound counts earns.
fn fault(entry: Entry, size: &'static str, change: impl FnOnce(&mut Count)) -> String {
    let faults = between_sizes(&changed(entry, size, change));
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].clone()
}

fn compiler() -> Compiler {
    Compiler { rustc: "rustc 1.95.0".to_owned(), host: "x86_64-unknown-linux-gnu".to_owned() }
}

#[test]
fn sound_counts_pass() {
    assert_eq!(between_sizes(&sound()), Vec::<String>::new());
    let baseline = Baseline::of(compiler(), &sound());
    assert_eq!(against(&baseline, &compiler(), &sound()), Growth::default());
}

#[test]
fn a_typed_check_of_one_instruction_more_at_another_size_is_refused() {
    for entry in [Entry::TypedVerdict, Entry::TypedDecision] {
        let message =
            fault(entry, "100,000 roles", |count| *count = Count { mean: 51.0, singles: Some((51, 51)) });
        assert!(message.contains("at 100,000 roles: counted 51.00"), "{message}");
        assert!(message.contains("allowed the same"), "{message}");
    }
    // So is a thousandth of one in a batch, and one less: then the others are more.
    let message = fault(Entry::TypedBatch, "5 statements", |count| count.mean += 0.001);
    assert!(message.contains("typed batch at 5 statements: counted 50.00"), "{message}");
    let message = fault(Entry::TypedBatch, "5 statements", |count| count.mean -= 1.0);
    assert!(message.contains("at 5 statements 49.00"), "{message}");
    // In a class of large ones too.
    let message = fault(Entry::TypedBatch, "1,000,000 members", |count| count.mean += 1.0);
    assert!(message.contains("at 100,000 members 55.00"), "{message}");
}

#[test]
fn typed_questions_that_differ_among_themselves_are_refused() {
    let message = fault(Entry::TypedVerdict, "middle", |count| count.singles = Some((50, 51)));
    assert!(message.contains("typed verdict at middle: counted 50 for one question and 51"), "{message}");
}

#[test]
fn names_that_cost_more_than_three_in_a_hundred_more_are_refused() {
    for entry in [Entry::Strings, Entry::StringsAside] {
        assert_eq!(between_sizes(&changed(entry, "10 members", |count| count.mean = 411.9)), [""; 0]);
        let message = fault(entry, "10 members", |count| count.mean = 412.1);
        assert!(message.contains("at 10 members: counted 412.10 (362.10 for names)"), "{message}");
        assert!(message.contains("allowed 3 % more"), "{message}");
    }
    // What another layout costs a typed check too is no fault of the names, in either direction.
    let message = fault(Entry::Strings, "1,000,000 members", |count| count.mean = 417.1);
    assert!(message.contains("at 1,000,000 members: counted 417.10 (362.10 for names)"), "{message}");
    assert_eq!(
        between_sizes(&changed(Entry::Strings, "25,000 permissions", |count| count.mean = 426.0)),
        [""; 0]
    );
}

#[test]
fn layouts_that_are_far_apart_are_refused() {
    // Both paged sizes alike, so that it is only the distance that is wrong.
    let mut counts = sound();
    for size in ["5,000 permissions", "25,000 permissions"] {
        counts.insert((Entry::TypedVerdict, size), Count { mean: 75.0, singles: Some((75, 75)) });
    }
    let faults = between_sizes(&counts);
    assert!(faults.len() == 1 && faults[0].contains("allowed 24 more for another layout"), "{faults:?}");
}

#[test]
fn conditions_elsewhere_cost_a_second_plane_and_no_more() {
    let at = |more: u32| {
        let mut counts = sound();
        let elsewhere = SIZES.iter().filter(|size| size.conditions).map(|size| size.name);
        let elsewhere: Vec<&str> = elsewhere.collect();
        for (_, count) in counts
            .iter_mut()
            .filter(|((entry, size), _)| *entry != Entry::TypedVerdict && elsewhere.contains(size))
        {
            count.mean += f64::from(more);
            let more = u64::from(more);
            count.singles = count.singles.map(|(least, most)| (least + more, most + more));
        }
        between_sizes(&counts)
    };
    // In wide schemas a typed check takes 15 more by itself.
    assert_eq!(at(33), Vec::<String>::new());
    let faults = at(34);
    assert!(!faults.is_empty() && faults.iter().all(|fault| fault.contains("allowed 48 more")), "{faults:?}");
}

#[test]
fn a_single_question_beyond_the_bound_is_refused() {
    let message = fault(Entry::Strings, "middle", |count| count.singles = Some((300, 1_401)));
    assert!(message.contains("counted 1401 for one question, allowed 1400"), "{message}");
}

#[test]
fn what_was_not_counted_is_refused() {
    let mut counts = sound();
    counts.remove(&(Entry::Strings, "10 members"));
    assert_eq!(between_sizes(&counts), ["strings at 10 members: was not counted"]);
}

#[test]
fn growth_of_more_than_two_in_a_hundred_is_refused_and_a_gain_is_noted() {
    let baseline = Baseline::of(compiler(), &sound());
    let judge = |mean: f64| {
        against(&baseline, &compiler(), &changed(Entry::Strings, "middle", |count| count.mean = mean))
    };
    assert_eq!(judge(407.9), Growth::default());
    let grown = judge(408.1);
    assert!(grown.notes.is_empty() && grown.faults.len() == 1, "{grown:?}");
    assert!(grown.faults[0].contains("strings at middle: counted 408.10"), "{grown:?}");
    assert!(grown.faults[0].contains("allowed 408.00") && grown.faults[0].contains("-- renew"), "{grown:?}");
    let shrunk = judge(350.0);
    assert!(
        shrunk.faults.is_empty()
            && shrunk.notes[0].starts_with("1 counts are")
            && shrunk.notes[0].contains("400.00 before, 350.00 now"),
        "{shrunk:?}"
    );
}

#[test]
fn another_compiler_is_said_and_another_machine_is_not_judged() {
    let baseline = Baseline::of(compiler(), &sound());
    let newer = Compiler { rustc: "rustc 1.96.0".to_owned(), ..compiler() };
    let growth = against(&baseline, &newer, &sound());
    assert!(
        growth.faults.len() == 1 && growth.faults[0].contains("with rustc 1.95.0 and this is rustc 1.96.0")
    );
    let elsewhere = Compiler { host: "aarch64-unknown-linux-gnu".to_owned(), ..compiler() };
    let growth =
        against(&baseline, &elsewhere, &changed(Entry::Strings, "middle", |count| count.mean = 900.0));
    assert!(growth.faults.is_empty() && growth.notes[0].contains("growth is not judged"), "{growth:?}");
}

#[test]
fn a_baseline_without_an_entry_is_refused() {
    let mut fewer = sound();
    fewer.remove(&(Entry::StringsAside, "middle"));
    let growth = against(&Baseline::of(compiler(), &fewer), &compiler(), &sound());
    assert!(
        growth.faults.len() == 1 && growth.faults[0].contains("strings aside at middle: the baseline has no")
    );
}
