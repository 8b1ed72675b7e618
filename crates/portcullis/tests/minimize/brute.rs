//! Every grid of three actions and three types, and what a search through all sets of rectangles finds.

use super::{document, fewest, minimized, schema};

/// A cell: not mentioned, allowed, denied.
const STATES: usize = 3;

/// Which pairs of a grid of 3 × 3 the schema admits, as bits.
struct Bench {
    admitted: u32,
    /// Rows and columns of names, and what they cover, for each statement that can be written; whether it takes a wildcard.
    statements: Vec<(u32, bool)>,
}

fn cell(row: u32, column: u32) -> u32 {
    1 << (3 * row + column)
}

fn product(rows: u32, columns: u32) -> u32 {
    let all = (0..9).map(|at| (at / 3, at % 3));
    let held = all.filter(|(row, column)| rows >> row & 1 == 1 && columns >> column & 1 == 1);
    held.map(|(row, column)| cell(row, column)).sum()
}

impl Bench {
    fn new(admitted: u32) -> Self {
        let mut statements = Vec::new();
        for rows in 1..8 {
            for columns in 1..8 {
                let covered = product(rows, columns);
                if covered & !admitted == 0 {
                    statements.push((covered, false));
                }
                if rows == 7 || columns == 7 {
                    statements.push((covered & admitted, true));
                }
            }
        }
        Bench { admitted, statements }
    }

    /// The fewest statements that say `live`, and nothing but that and what is in `free`.
    fn fewest(&self, live: u32, free: u32, wildcards: bool) -> usize {
        let usable = self.statements.iter().filter(|(_, wild)| wildcards || !wild);
        fewest(usable.map(|(covered, _)| *covered), live, free)
    }

    fn schema(&self) -> portcullis::Schema {
        let of = |row: u32| {
            let admitted = (0..3).filter(|&column| self.admitted & cell(row, column) != 0);
            let actions: Vec<String> = admitted.map(|column| format!("\"a{column}\"")).collect();
            format!(r#""t{row}": {{"actions": [{}]}}"#, actions.join(","))
        };
        schema(&format!(r#"{{"schema": "s", "resources": {{{}, {}, {}}}}}"#, of(0), of(1), of(2)))
    }

    /// Compares every grid, or every so many.
    fn run(&self, every: usize, wildcards: bool) {
        let schema = self.schema();
        let mut shorter = 0;
        for number in (0..STATES.pow(9)).step_by(every) {
            let state = |at: u32| number / STATES.pow(at) % STATES;
            let (mut allowed, mut denied, mut statements) = (0, 0, Vec::new());
            for at in (0..9).filter(|at| self.admitted >> at & 1 == 1) {
                let effect = match state(at) {
                    1 => {
                        allowed |= 1 << at;
                        "allow"
                    }
                    2 => {
                        denied |= 1 << at;
                        "deny"
                    }
                    _ => continue,
                };
                let (row, column) = (at / 3, at % 3);
                statements.push(format!(
                    r#"{{"effect": "{effect}", "actions": "a{column}", "resource": "t{row}"}}"#
                ));
            }
            let written = document(&statements.join(","));
            let found = minimized(&written, &schema, wildcards);
            let fewest = self.fewest(allowed, denied, wildcards) + self.fewest(denied, 0, wildcards);
            assert!(found.is_proven(), "{}\n{}", written.source().text(), found.text());
            assert_eq!(found.after().statements, fewest, "{}\n{}", written.source().text(), found.text());
            assert_eq!(found.at_least(), fewest);
            assert_eq!(found.before().statements, statements.len());
            assert!(wildcards || !found.text().contains('*'), "{}", found.text());
            shorter += usize::from(found.is_shorter());
        }
        assert!(shorter > STATES.pow(9) / every / 2, "{shorter}");
    }
}

fn every() -> usize {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 1 } else { 7 }
}

#[test]
fn proven_minima_of_full_grids_are_minima() {
    Bench::new(0b111_111_111).run(every(), false);
}

#[test]
fn proven_minima_are_minima_where_pairs_are_not_admitted() {
    Bench::new(0b111_101_111).run(5 * every(), false);
    Bench::new(0b011_101_110).run(5 * every(), false);
}

#[test]
fn proven_minima_with_wildcards_are_minima() {
    Bench::new(0b111_111_111).run(5 * every(), true);
    Bench::new(0b111_101_111).run(5 * every(), true);
    Bench::new(0b001_101_110).run(5 * every(), true);
}
