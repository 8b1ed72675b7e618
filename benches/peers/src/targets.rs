//! The marks that were set before anything was built, and what a run says of each.
//!
//! A mark is a ratio of two figures of one run, or a figure; it is met or missed, and unknown where one of its figures is not there.

use crate::engines::OURS;
use crate::measured::Run;

/// A mark.
pub struct Target {
    /// What was wanted.
    pub what: String,
    /// At least this (`true`) or at most.
    pub at_least: bool,
    /// How much.
    pub wanted: f64,
    /// What was measured.
    pub measured: Option<f64>,
    /// Behind the number: `×` or a unit.
    pub unit: &'static str,
}

impl Target {
    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match self.measured {
            None => "not measured",
            Some(value) if (value >= self.wanted) == self.at_least || value == self.wanted => "met",
            Some(_) => "**missed**",
        }
    }
}

/// All marks.
pub fn all(run: &Run) -> Vec<Target> {
    let ratio = |engine: &str, over: &str, members: usize, roles: usize, wanted: f64| Target {
        what: format!("{over} over {engine}: {} members, {} roles", number(members), number(roles)),
        at_least: true,
        wanted,
        measured: run
            .at(over, members, roles)
            .zip(run.at(engine, members, roles))
            .map(|(a, b)| b.median / a.median),
        unit: "×",
    };
    let cedar = |what: &str, wanted: f64, of: fn(&crate::measured::Figure) -> f64| Target {
        what: format!("{what}: 1,000,000 members, 5 roles"),
        at_least: true,
        wanted,
        measured: run
            .at(OURS, 1_000_000, 5)
            .zip(run.at("cedar-policy", 1_000_000, 5))
            .map(|(a, b)| of(b) / of(a)),
        unit: "×",
    };
    let most = |what: &str, wanted: f64, measured: Option<f64>, unit| Target {
        what: what.to_owned(),
        at_least: false,
        wanted,
        measured,
        unit,
    };
    let map = "by hand, roles, foldhash";
    let mut all = vec![
        ratio("regorus, RVM", OURS, 1_000, 5, 60.0),
        ratio("cedar-policy", OURS, 1_000, 5, 250.0),
        ratio("gatehouse", OURS, 1_000, 5, 20.0),
        ratio(map, OURS, 1_000, 5, 1.5),
        ratio(map, OURS, 1_000_000, 5, 3.0),
        ratio(map, "portcullis, batches", 1_000_000, 5, 7.0),
        ratio("cedar-policy", OURS, 1_000, 10_000, 1e6),
    ];
    for (members, sets) in [(1_000, "32 KiB"), (1_000_000, "4 MiB")] {
        let load = |size: &str| run.floor(&format!("a load that waits for the last, {size}"));
        let loads = load(sets).zip(load("32 KiB")).map(|(sets, row)| sets + row);
        let handles = run.at("portcullis, handles", members, 5).map(|figure| figure.median);
        let what = format!(
            "typed handles over their two loads (a set's number from {sets}, its row from 32 KiB): {} members",
            number(members)
        );
        all.push(most(&what, 2.0, handles.zip(loads).map(|(handles, loads)| handles / loads), "×"));
        let batch = run.at("portcullis, handles in batches", members, 5).map(|figure| figure.median);
        all.push(most(&format!("batch of ids: {} members", number(members)), 1.5, batch, "ns"));
    }
    let who = run.ours.iter().find(|it| {
        it.what == "who may update syncs, as numbers, a member" && it.members == 1_000_000 && it.roles == 5
    });
    all.push(most(
        "who-can as numbers, a member: 1,000,000 members, 5 roles",
        1.2,
        who.map(|it| it.value),
        "ns",
    ));
    all.push(cedar("memory of cedar-policy over ours", 10.0, |figure| figure.memory));
    all.push(cedar("load time of cedar-policy over ours", 30.0, |figure| figure.load));
    all
}

/// With commas.
pub fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}
