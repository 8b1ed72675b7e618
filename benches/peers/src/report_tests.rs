//! That a record says what a run measured, what is missing from it and why, and nothing that was not measured.

use super::*;
use crate::chart;
use crate::measured::Single;

/// A run of made-up figures: an engine's number times the logarithm of the size.
fn made_up() -> Run {
    let mut run = Run { date: "2026-11-22".to_owned(), quick: true, seconds: 300.0, ..Run::default() };
    run.machine.push("a machine of no make, 2 logical cores".to_owned());
    run.versions.push(("cedar-policy".to_owned(), "4.0.0".to_owned()));
    for (number, entry) in ALL.iter().enumerate() {
        for (members, roles) in SIZES {
            let median = 25.0 * 3_f64.powi(number as i32) * (members as f64 * roles as f64).ln();
            let (load, memory) = (members as f64 * 100.0, members as f64 * 60.0 * (number + 1) as f64);
            let absent = (entry.name == "oso" && members == 1_000_000).then(|| "over 60 s".to_owned());
            run.figures.push(Figure {
                engine: entry.name.to_owned(),
                members,
                roles,
                absent,
                load,
                memory,
                verified: 65_536,
                asked: 200,
                median,
                least: median,
                most: median,
                passes: 3,
            });
        }
    }
    for (what, _, unit) in crate::driver::FLOOR {
        run.floor.push(Single {
            what: (*what).to_owned(),
            value: 2.0,
            unit: (*unit).to_owned(),
            ..Single::default()
        });
    }
    run.ours.push(Single {
        what: "who may update syncs, as numbers, a member".to_owned(),
        members: 1_000_000,
        roles: 5,
        value: 1.0,
        unit: "ns".to_owned(),
    });
    run
}

#[test]
fn a_record_tells_the_machine_versions_every_engine_and_what_is_absent() {
    let run = made_up();
    let text = written(&run);
    for part in [
        "a machine of no make",
        "cedar-policy 4.0.0",
        "over 60 s",
        "--quick --record",
        "**missed**",
        "| met |",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(ALL.iter().all(|entry| text.contains(&format!("| {} |", entry.name)) || entry.name == OURS));
    assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("not measured"), "{text}");
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|') && line.matches('|').count() > 2, "{line}");
    }
}

#[test]
fn a_run_goes_through_json_unchanged() {
    let run = made_up();
    assert_eq!(Run::from_json(&run.to_json()), run);
}

#[test]
fn what_was_not_measured_is_said_and_not_made_up() {
    let mut run = made_up();
    run.figures.retain(|figure| figure.engine != "gatehouse");
    let text = written(&run);
    assert!(text.contains("not measured") && !text.contains("| gatehouse |"));
    let targets = targets::all(&run);
    assert!(targets.iter().any(|target| target.what.contains("gatehouse") && target.measured.is_none()));
}

#[test]
fn charts_are_well_formed_and_name_every_line() {
    for (name, drawn) in chart::all(&made_up()) {
        assert_eq!(drawn.matches("<text").count(), drawn.matches("</text>").count(), "{name}");
        assert!(drawn.ends_with("</svg>\n") && !drawn.contains("NaN") && !drawn.contains("inf"), "{name}");
        for entry in ALL.iter().filter(|entry| entry.strings) {
            assert!(drawn.contains(&format!("\">{} <tspan", entry.name)), "{name}: {}", entry.name);
        }
    }
}

#[test]
fn figures_are_written_with_three_digits() {
    let times = [1.234, 26.04, 432.1, 1_849.0, 35_400_000.0, 11.1e9].map(time);
    assert_eq!(times, ["1.23 ns", "26.0 ns", "432 ns", "1.85 µs", "35.4 ms", "11.1 s"]);
    assert_eq!([4_096.0, 62_300_000.0, 1_571_000_000.0].map(bytes), ["4.10 kB", "62.3 MB", "1.57 GB"]);
}
