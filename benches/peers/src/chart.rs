//! Charts of a run as SVG, written by hand: both axes logarithmic, a line an engine, each labelled at its right end.
//!
//! Labels are spread so that none covers another and tied to their lines by thin leaders. Colours come in a form for light and one for dark
//! pages, chosen by the viewer's preference, on a background of the chart's own, so that it is readable wherever it is shown. A second
//! line of one family is dashed instead of having a hue that nobody tells from the first one's.

use std::fmt::Write as _;

use crate::engines::{ALL, OURS};
use crate::measured::{Figure, Run};
use crate::report::{bytes, time};
use crate::targets::number;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 560.0;
/// The edges of the field of lines.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 500.0;
/// From one label to the next.
const APART: f64 = 19.0;
/// Where labels begin.
const LABELS: f64 = 676.0;

/// What is drawn of each engine: words in the name, light and dark colour, dashes. The first that fits is taken.
const STYLES: &[(&str, &str, &str, &str)] = &[
    ("portcullis, batches", "#1a56db", "#7aa7ff", "6 4"),
    ("portcullis", "#1a56db", "#7aa7ff", ""),
    ("roles, foldhash", "#0f7b3f", "#57d08a", ""),
    ("roles, std", "#0f7b3f", "#57d08a", "6 4"),
    ("triples, foldhash", "#6b7280", "#b3bac5", ""),
    ("triples, std", "#6b7280", "#b3bac5", "6 4"),
    ("gatehouse", "#8a5a00", "#e0b04c", ""),
    ("RVM", "#7a2bbf", "#cf9bff", ""),
    ("interpreter", "#7a2bbf", "#cf9bff", "6 4"),
    ("role-system, cached", "#00788a", "#4fd3e3", "6 4"),
    ("role-system", "#00788a", "#4fd3e3", ""),
    ("cedar-policy, sliced", "#c81e1e", "#ff8a80", "6 4"),
    ("cedar-policy", "#c81e1e", "#ff8a80", ""),
    ("casbin, cached", "#c2410c", "#ffab70", "6 4"),
    ("casbin", "#c2410c", "#ffab70", ""),
    ("oso", "#a21a6b", "#ff8fcf", ""),
    ("biscuit", "#3f3f46", "#e4e4e7", ""),
];

/// A line: its engine, and its points from left to right.
struct Line {
    name: &'static str,
    style: usize,
    points: Vec<(f64, f64)>,
}

/// What a chart shows.
struct Plan<'p> {
    title: &'p str,
    below: &'p str,
    across: Vec<usize>,
    shown: fn(f64) -> String,
    lines: Vec<Line>,
}

/// All charts of a run: the end of the file's name, and the drawing.
pub fn all(run: &Run) -> Vec<(&'static str, String)> {
    let members = [5, 1_000, 100_000, 1_000_000].map(|members| (members, 5));
    let roles = [5, 1_000, 10_000].map(|roles| (1_000, roles));
    let time_of: fn(&Figure) -> f64 = |figure| figure.median;
    let drawn = |title, below, sizes: &[(usize, usize)], by_members: bool, of, shown| {
        let across = |&(members, roles): &(usize, usize)| if by_members { members } else { roles };
        let lines = lines(run, sizes, across, of);
        draw(&Plan { title, below, across: sizes.iter().map(across).collect(), shown, lines })
    };
    vec![
        (
            "members",
            drawn("One check, three strings in", "members (five roles)", &members, true, time_of, time),
        ),
        (
            "roles",
            drawn("One check, three strings in", "roles (1,000 members)", &roles, false, time_of, time),
        ),
        (
            "memory",
            drawn(
                "Resident memory after loading",
                "members (five roles)",
                &members,
                true,
                |figure| figure.memory,
                bytes,
            ),
        ),
    ]
}

fn lines(
    run: &Run,
    sizes: &[(usize, usize)],
    across: impl Fn(&(usize, usize)) -> usize,
    of: fn(&Figure) -> f64,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for entry in ALL.iter().filter(|entry| entry.strings) {
        let points: Vec<(f64, f64)> = sizes
            .iter()
            .filter_map(|size| Some((across(size) as f64, of(run.at(entry.name, size.0, size.1)?))))
            // What is nothing has no logarithm: less than a page of memory was not measured.
            .filter(|(_, value)| *value > 0.0)
            .collect();
        let style = STYLES.iter().position(|(word, ..)| entry.name.contains(word)).unwrap_or(0);
        if !points.is_empty() {
            lines.push(Line { name: entry.name, style, points });
        }
    }
    lines
}

/// Where labels stand so that they are apart and as near to their lines as may be: for each wanted height, in its order.
fn spread(wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = wanted.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    // Runs of labels that touch: where the first one stands, how many they are, the sum of what their first would like.
    let mut runs: Vec<(f64, usize, f64)> = Vec::new();
    for &(_, wish) in &order {
        runs.push((wish, 1, wish));
        while let [.., above, below] = runs.as_slice() {
            let end = above.0 + above.1 as f64 * APART;
            if below.0 >= end {
                break;
            }
            let count = above.1 + below.1;
            let sum = above.2 + below.2 - below.1 as f64 * above.1 as f64 * APART;
            let highest = BOTTOM + 10.0 - (count - 1) as f64 * APART;
            let joined = ((sum / count as f64).clamp(TOP, highest.max(TOP)), count, sum);
            runs.truncate(runs.len() - 2);
            runs.push(joined);
        }
    }
    let mut heights = vec![0.0; wanted.len()];
    let places =
        runs.iter().flat_map(|&(first, count, _)| (0..count).map(move |at| first + at as f64 * APART));
    for (&(label, _), height) in order.iter().zip(places) {
        if let Some(place) = heights.get_mut(label) {
            *place = height;
        }
    }
    heights
}

fn draw(plan: &Plan<'_>) -> String {
    let values = || plan.lines.iter().flat_map(|line| &line.points).map(|(_, value)| value.log10());
    let lowest = values().fold(f64::INFINITY, f64::min).floor();
    let highest = values().fold(f64::NEG_INFINITY, f64::max).ceil().max(lowest + 1.0);
    let (first, last) =
        plan.across.first().zip(plan.across.last()).map_or((1.0, 10.0), |(a, b)| (*a as f64, *b as f64));
    let x = |at: f64| LEFT + 14.0 + (at / first).ln() / (last / first).ln() * (RIGHT - LEFT - 28.0);
    let y = |value: f64| BOTTOM - (value.log10() - lowest) / (highest - lowest) * (BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"{}, against {}\">\n{}",
        plan.title,
        plan.below,
        styles()
    );
    let _ = writeln!(svg, "<rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>");
    let _ = writeln!(svg, "<text class=\"title\" x=\"{LEFT}\" y=\"30\">{}</text>", plan.title);
    for power in lowest as i32..=highest as i32 {
        let at = y(10_f64.powi(power));
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>");
        let shown = (plan.shown)(10_f64.powi(power)).replace(".00", "").replace(".0 ", " ");
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{shown}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for &across in &plan.across {
        let at = x(across as f64);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} {TOP}V{BOTTOM}\"/>");
        let (below, shown) = (BOTTOM + 20.0, number(across));
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{shown}</text>"
        );
    }
    let middle = (LEFT + RIGHT) / 2.0;
    let _ = writeln!(
        svg,
        "<text class=\"tick\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        BOTTOM + 42.0,
        plan.below
    );
    let ends: Vec<(f64, f64)> = plan.lines.iter().filter_map(|line| line.points.last()).copied().collect();
    let heights = spread(&ends.iter().map(|&(_, value)| y(value)).collect::<Vec<_>>());
    // Ours last, so that it lies above the others.
    let mut lines: Vec<_> = plan.lines.iter().zip(ends).zip(heights).collect();
    lines.sort_by_key(|((line, _), _)| line.name == OURS);
    for ((line, (end, value)), height) in lines {
        let class = format!("s{}{}", line.style, if line.name == OURS { " ours" } else { "" });
        let path: Vec<String> =
            line.points.iter().map(|&(a, b)| format!("{:.1} {:.1}", x(a), y(b))).collect();
        let _ = writeln!(svg, "<path class=\"line {class}\" d=\"M{}\"/>", path.join("L"));
        for &(a, b) in &line.points {
            let _ = writeln!(
                svg,
                "<circle class=\"dot {class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                x(a),
                y(b)
            );
        }
        let leader = format!(
            "M{:.1} {:.1}L{:.1} {height:.1}H{:.1}",
            x(end) + 5.0,
            y(value),
            LABELS - 16.0,
            LABELS - 5.0
        );
        let _ = writeln!(svg, "<path class=\"leader {class}\" d=\"{leader}\"/>");
        let (base, shown) = (height + 4.5, (plan.shown)(value));
        let _ = writeln!(
            svg,
            "<text class=\"label {class}\" x=\"{LABELS}\" y=\"{base:.1}\">{} <tspan class=\"value\">{shown}</tspan></text>",
            line.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The style sheet: light, then what dark pages change.
fn styles() -> String {
    let mut sheet = String::from(
        "<style>\ntext{font-family:system-ui,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;font-size:13px;fill:#1f2328}\n\
         .page{fill:#fff}.title{font-size:17px;font-weight:600}.tick{fill:#57606a}.grid{stroke:#d8dee4;stroke-width:1;fill:none}\n\
         .line{fill:none;stroke-width:1.8}.line.ours{stroke-width:3.6}.leader{fill:none;stroke-width:.8;opacity:.7}\n\
         .label.ours{font-weight:700}.dot,.label{stroke:none}.value{fill:#57606a;font-weight:400}\n",
    );
    let mut dark =
        String::from("text{fill:#e6edf3}.page{fill:#0d1117}.tick,.value{fill:#9198a1}.grid{stroke:#2b3138}");
    for (at, (_, light, night, dashes)) in STYLES.iter().enumerate() {
        let _ = write!(
            sheet,
            ".line.s{at},.leader.s{at}{{stroke:{light}}}.dot.s{at}{{fill:{light}}}.label.s{at}{{fill:{light}}}"
        );
        if !dashes.is_empty() {
            let _ = write!(sheet, ".line.s{at}{{stroke-dasharray:{dashes}}}");
        }
        let _ = write!(
            dark,
            ".line.s{at},.leader.s{at}{{stroke:{night}}}.dot.s{at}{{fill:{night}}}.label.s{at}{{fill:{night}}}"
        );
    }
    format!("{sheet}\n@media (prefers-color-scheme:dark){{{dark}}}\n</style>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_apart_and_within_the_chart() {
        for wanted in
            [vec![100.0; 16], vec![490.0, 491.0, 492.0, 60.0], vec![60.0, 80.0, 81.0, 300.0, 299.0, 310.0]]
        {
            let mut heights = spread(&wanted);
            heights.sort_by(f64::total_cmp);
            assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > APART - 0.01), "{heights:?}");
            assert!(heights[0] >= TOP - 0.01 && heights[heights.len() - 1] <= BOTTOM + 10.01, "{heights:?}");
        }
    }

    #[test]
    fn every_engine_has_a_style_of_its_own() {
        let mut styles: Vec<usize> = ALL
            .iter()
            .filter(|entry| entry.strings)
            .map(|entry| STYLES.iter().position(|(word, ..)| entry.name.contains(word)).unwrap())
            .collect();
        let count = styles.len();
        styles.sort_unstable();
        styles.dedup();
        assert_eq!(styles.len(), count);
    }
}
