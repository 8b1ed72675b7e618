//! The record of a run, in Markdown: what was measured, on what, by which command, and what of it misses its mark.
//!
//! Everything in it comes from the run; nothing is written by hand, so that a record can be made again and compared. Every table has an
//! engine a line and says where a figure is missing and why.

use std::fmt::Write as _;

use crate::engines::{ALL, Entry, OURS};
use crate::measured::{Figure, Run};
use crate::run::SIZES;
use crate::targets::{self, number};

/// A time in the unit that suits it.
pub fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        value if value < 1e3 => (value, "ns"),
        value if value < 1e6 => (value / 1e3, "µs"),
        value if value < 1e9 => (value / 1e6, "ms"),
        value => (value / 1e9, "s"),
    };
    format!("{} {unit}", three(value))
}

/// Bytes in the unit that suits them.
pub fn bytes(count: f64) -> String {
    let (value, unit) = match count {
        value if value < 1e6 => (value / 1e3, "kB"),
        value if value < 1e9 => (value / 1e6, "MB"),
        value => (value / 1e9, "GB"),
    };
    format!("{} {unit}", three(value))
}

/// Three digits that mean something, no more.
fn three(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => number(value.round() as usize),
    }
}

/// How many times ours.
fn ratio(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { number(value.round() as usize) }
}

/// The cell of an engine at a size.
fn cell(run: &Run, entry: &Entry, size: (usize, usize), of: impl Fn(&Figure) -> String) -> String {
    let here = |it: &&Figure| it.engine == entry.name && (it.members, it.roles) == size;
    match run.figures.iter().find(here) {
        None => "–".to_owned(),
        Some(figure) => figure.absent.clone().unwrap_or_else(|| of(figure)),
    }
}

fn measured(run: &Run) -> impl Iterator<Item = &'static Entry> {
    ALL.iter().filter(|entry| run.figures.iter().any(|figure| figure.engine == entry.name))
}

fn headed(title: &str, columns: &[String]) -> String {
    format!("| {title} | {} |\n|---{}|\n", columns.join(" | "), "|---:".repeat(columns.len()))
}

/// Times against one axis, with the ratio to ours at those of its sizes that the marks speak of.
pub fn times(
    run: &Run,
    sizes: &[(usize, usize)],
    named: impl Fn((usize, usize)) -> String,
    strings: bool,
) -> String {
    let compared: Vec<(usize, usize)> = sizes
        .iter()
        .copied()
        .filter(|size| [(1_000, 5), (1_000_000, 5), (1_000, 10_000)].contains(size))
        .collect();
    let mut columns: Vec<String> = sizes.iter().map(|&size| named(size)).collect();
    if strings {
        columns.extend(compared.iter().map(|&size| format!("× ours, {}", named(size))));
    }
    let mut table = headed("engine", &columns);
    for entry in measured(run).filter(|entry| entry.strings == strings) {
        let mut cells: Vec<String> =
            sizes.iter().map(|&size| cell(run, entry, size, |figure| time(figure.median))).collect();
        if strings {
            cells.extend(compared.iter().map(|&(members, roles)| {
                let ours = run.at(OURS, members, roles).map_or(f64::NAN, |figure| figure.median);
                run.at(entry.name, members, roles)
                    .map_or("–".to_owned(), |figure| ratio(figure.median / ours))
            }));
        }
        let name = if entry.name == OURS { format!("**{}**", entry.name) } else { entry.name.to_owned() };
        let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
    }
    table
}

/// How a table calls a size.
type Named = fn((usize, usize)) -> String;

/// The sizes with five roles, and how a table calls them.
pub fn by_members() -> (Vec<(usize, usize)>, Named) {
    (SIZES.into_iter().filter(|(_, roles)| *roles == 5).collect(), |(members, _)| number(members))
}

/// The sizes with more or less roles, and how a table calls them.
fn by_roles() -> (Vec<(usize, usize)>, Named) {
    let sizes = [(1_000, 5), (1_000, 1_000), (1_000, 10_000), (100_000, 10_000)];
    (sizes.to_vec(), |(members, roles)| match members {
        1_000 => number(roles),
        members => format!("{} ({} members)", number(roles), number(members)),
    })
}

/// The whole record.
pub fn written(run: &Run) -> String {
    let mut text = String::new();
    let form = if run.quick { "--quick " } else { "" };
    let _ = write!(
        text,
        "# {}: the field\n\nPortcullis beside other engines on the same questions, in one run of {:.0} minutes{}. Written by\n\n\
         ```console\n$ cargo run --release --manifest-path benches/peers/Cargo.toml -- {form}--record benches/records\n```\n\n\
         Every engine, in a process of its own, was first asked the questions and its decisions compared with the naive reference's; one\n\
         difference would have ended the run. Then passes went round the engines, one at a time. Figures are the medians of the passes\n\
         for one check: three strings in, a decision out. Ratios are of this run; machines are noisy, other runs give other figures.\n\n",
        run.date,
        run.seconds / 60.0,
        if run.quick { " (the quick form: fewer passes)" } else { "" },
    );
    text.push_str("The workload is `benches/src/field.rs`: Hightouch's Admin, Editor, Viewer, Audience Collaborator and the Atlan role, then random\n\
        custom roles, one statement in five a deny; 10 types × 9 actions; members with 1 to 3 roles and ids of 23 bytes; 65,536 questions, hits\n\
        and misses, one in 16 from a stranger. How each engine is set up stands at the head of its module in `benches/peers/src/engines`.\n\n## Machine\n\n");
    for line in &run.machine {
        let _ = writeln!(text, "- {line}");
    }
    text.push_str("\n## Engines\n\n");
    for entry in measured(run) {
        let version = run.versions.iter().find(|(name, _)| Some(&**name) == entry.package);
        let version = version.map_or(String::new(), |(name, version)| format!(" ({name} {version})"));
        let _ = writeln!(text, "- {}{version}: {}", entry.name, entry.setup);
    }
    text.push('\n');
    let (sizes, named) = by_members();
    let _ =
        write!(text, "## A check, against members\n\nFive roles.\n\n{}\n", times(run, &sizes, named, true));
    let chart = |name: &str, what: &str| format!("![{what}]({}-field-{name}.svg)\n\n", run.date);
    text.push_str(&chart("members", "nanoseconds a check against members"));
    let _ = write!(
        text,
        "Entries by handles that were looked up beforehand answer a smaller question, and are compared with nobody:\n\n{}\n",
        times(run, &sizes, named, false)
    );
    let (sizes, named) = by_roles();
    let _ = write!(
        text,
        "## A check, against roles\n\nA thousand members, where nothing else is said.\n\n{}\n",
        times(run, &sizes, named, true)
    );
    text.push_str(&chart("roles", "nanoseconds a check against roles"));
    let _ = writeln!(text, "{}", times(run, &sizes, named, false));
    load_and_memory(run, &mut text);
    text.push_str(&chart("memory", "resident memory against members"));
    verified(run, &mut text);
    floor(run, &mut text);
    marks(run, &mut text);
    alone(run, &mut text);
    text
}

fn load_and_memory(run: &Run, text: &mut String) {
    let sizes = [(1_000, 5), (100_000, 5), (1_000_000, 5), (1_000, 10_000), (100_000, 10_000)];
    let named = |(members, roles): (usize, usize)| format!("{}, {}", number(members), number(roles));
    let columns: Vec<String> = sizes.iter().map(|&size| named(size)).collect();
    text.push_str("## Loading, and resident memory after it\n\nFrom plain lists of roles and members in memory to the first check; what the process holds \
        afterwards less what it held before, with what its allocator has not given back. Columns are members, roles.\n\n");
    text.push_str(&headed("engine", &columns));
    for entry in measured(run).filter(|entry| entry.strings) {
        let both = |figure: &Figure| format!("{}, {}", time(figure.load), bytes(figure.memory));
        let cells: Vec<String> = sizes.iter().map(|&size| cell(run, entry, size, both)).collect();
        let _ = writeln!(text, "| {} | {} |", entry.name, cells.join(" | "));
    }
    text.push('\n');
}

fn verified(run: &Run, text: &mut String) {
    let columns: Vec<String> =
        SIZES.iter().map(|&(members, roles)| format!("{}, {}", number(members), number(roles))).collect();
    text.push_str("## Questions verified, questions of a pass\n\nAn engine that is slow verifies and times a prefix of the stream. A short prefix asked \
        again and again lies in the cache, which favours it. Handles exist only for members and admitted pairs.\n\n");
    text.push_str(&headed("engine", &columns));
    for entry in measured(run) {
        let both = |figure: &Figure| match (figure.verified, figure.asked) {
            (verified, asked) if verified == asked => number(verified),
            (verified, asked) => format!("{}, {}", number(verified), number(asked)),
        };
        let cells: Vec<String> = SIZES.iter().map(|&size| cell(run, entry, size, both)).collect();
        let _ = writeln!(text, "| {} | {} |", entry.name, cells.join(" | "));
    }
    text.push('\n');
}

fn floor(run: &Run, text: &mut String) {
    text.push_str("## The floor\n\nWhat the machine takes for the least there is, measured in every round of the same run. Ratios are how many of it go into one of our checks at 1,000,000 \
        members, 5 roles: by handles, by three strings, by three strings in batches.\n\n");
    text.push_str(&headed("", &["measured", "handles", "strings", "batches"].map(str::to_owned)));
    for single in &run.floor {
        let over = |engine: &str| match run.at(engine, 1_000_000, 5) {
            Some(figure) if single.unit == "ns" => three(figure.median / single.value),
            _ => String::new(),
        };
        let value = if single.unit == "ns" {
            time(single.value)
        } else {
            format!("{} {}", three(single.value), single.unit)
        };
        let ratios = ["portcullis, handles", OURS, "portcullis, batches"].map(over);
        let _ = writeln!(text, "| {} | {value} | {} |", single.what, ratios.join(" | "));
    }
    text.push('\n');
}

fn marks(run: &Run, text: &mut String) {
    text.push_str("## Marks\n\nSet before anything was built; a ratio is theirs over ours where nothing else is said.\n\n");
    text.push_str(&headed("what", &["wanted", "measured", ""].map(str::to_owned)));
    for target in targets::all(run) {
        let shown = |value: f64| match target.unit {
            "×" => format!(
                "{} ×",
                if value < 100.0 { format!("{value:.2}") } else { number(value.round() as usize) }
            ),
            unit => format!("{value:.2} {unit}"),
        };
        let measured = target.measured.map_or("–".to_owned(), shown);
        let wanted =
            format!("{} {}", if target.at_least { "at least" } else { "at most" }, shown(target.wanted));
        let _ = writeln!(text, "| {} | {wanted} | {measured} | {} |", target.what, target.verdict());
    }
    text.push('\n');
}

fn alone(run: &Run, text: &mut String) {
    let mut sizes: Vec<(usize, usize)> = Vec::new();
    let mut rows: Vec<&str> = Vec::new();
    for single in &run.ours {
        if !sizes.contains(&(single.members, single.roles)) {
            sizes.push((single.members, single.roles));
        }
        if !rows.contains(&&*single.what) {
            rows.push(&single.what);
        }
    }
    if rows.is_empty() {
        return;
    }
    text.push_str("## Ours alone\n\nWhat the others were not compared in, on the same workload. Columns are members, roles.\n\n");
    let columns: Vec<String> =
        sizes.iter().map(|&(members, roles)| format!("{}, {}", number(members), number(roles))).collect();
    text.push_str(&headed("", &columns));
    for what in rows {
        let value = |&(members, roles): &(usize, usize)| {
            let here =
                run.ours.iter().find(|it| it.what == what && (it.members, it.roles) == (members, roles));
            let shown = |value, unit: &str| if unit == "bytes" { bytes(value) } else { time(value) };
            here.map_or("–".to_owned(), |it| shown(it.value, &it.unit))
        };
        let cells: Vec<String> = sizes.iter().map(value).collect();
        let _ = writeln!(text, "| {what} | {} |", cells.join(" | "));
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
