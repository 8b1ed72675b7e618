//! The committed counts: what every entry took at every size, and by which compiler.
//!
//! Another compiler makes other instructions, and another kind of processor has others, so a baseline says what it was counted with. The
//! file is written by `count-instructions renew` and never by hand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::ask::Entry;
use super::profile::Count;
use super::sizes::SIZES;
use crate::Trouble;

/// The command that writes the file anew, for messages.
pub const RENEW: &str =
    "cargo run --release --locked -p portcullis-benches --bin count-instructions -- renew";

/// Counts by entry and size.
pub type Counts = BTreeMap<(Entry, &'static str), Count>;

/// What counts depend on besides the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// What `rustc --version` says.
    pub rustc: String,
    /// What it compiles for.
    pub host: String,
}

impl Compiler {
    /// The compiler of this folder.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn here() -> Result<Compiler, Trouble> {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let told = Command::new(rustc).arg("-vV").current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
        let told = String::from_utf8(told.stdout)?;
        let host = told.lines().find_map(|line| line.strip_prefix("host: "));
        let rustc = told.lines().next();
        match (rustc, host) {
            (Some(rustc), Some(host)) => Ok(Compiler { rustc: rustc.to_owned(), host: host.to_owned() }),
            _ => Err("`rustc -vV` does not say its version and host".into()),
        }
    }
}

/// Means by entry and size, and what they were counted with.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The compiler.
    pub compiler: Compiler,
    means: BTreeMap<(String, String), f64>,
}

impl Baseline {
    /// The committed one.
    #[must_use]
    pub fn path() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/baseline/instructions.json"))
    }

    /// A baseline of what was counted.
    #[must_use]
    pub fn of(compiler: Compiler, counts: &Counts) -> Baseline {
        let rounded = |mean: f64| (mean * 100.0).round() / 100.0;
        let means = counts
            .iter()
            .map(|((entry, size), count)| {
                ((entry.name().to_owned(), (*size).to_owned()), rounded(count.mean))
            })
            .collect();
        Baseline { compiler, means }
    }

    /// The mean of an entry at a size.
    #[must_use]
    pub fn mean(&self, entry: Entry, size: &str) -> Option<f64> {
        self.means.get(&(entry.name().to_owned(), size.to_owned())).copied()
    }

    /// From the text of the file.
    ///
    /// # Errors
    /// When it is not what [`text`](Self::text) writes.
    pub fn read(text: &str) -> Result<Baseline, Trouble> {
        let file: Value = serde_json::from_str(text)?;
        let word = |key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(rustc), Some(host)) = (word("rustc"), word("host")) else {
            return Err("the baseline does not say which compiler it is of".into());
        };
        let mut means = BTreeMap::new();
        for (entry, sizes) in file.get("instructions").and_then(Value::as_object).into_iter().flatten() {
            for (size, mean) in sizes.as_object().into_iter().flatten() {
                let mean = mean.as_f64().ok_or("the baseline has a count that is no number")?;
                means.insert((entry.clone(), size.clone()), mean);
            }
        }
        Ok(Baseline { compiler: Compiler { rustc, host }, means })
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut entries = Map::new();
        for entry in Entry::ALL {
            let sizes: Map<String, Value> = SIZES
                .iter()
                .filter_map(|size| Some((size.name.to_owned(), json!(self.mean(entry, size.name)?))))
                .collect();
            entries.insert(entry.name().to_owned(), Value::Object(sizes));
        }
        let file = json!({ "written by": RENEW, "rustc": self.compiler.rustc, "host": self.compiler.host,
            "instructions": entries });
        format!("{file:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let compiler = Compiler { rustc: "rustc 1.2.3".to_owned(), host: "somewhere".to_owned() };
        let count = |mean| Count { mean, singles: None };
        let counts = Counts::from([
            ((Entry::Strings, SIZES[0].name), count(400.123)),
            ((Entry::TypedBatch, SIZES[3].name), count(46.0)),
        ]);
        let baseline = Baseline::of(compiler, &counts);
        assert_eq!(Baseline::read(&baseline.text()).unwrap(), baseline);
        assert_eq!(baseline.mean(Entry::Strings, SIZES[0].name), Some(400.12));
        assert_eq!(baseline.mean(Entry::Strings, SIZES[1].name), None);
        assert!(Baseline::read("{}").is_err() && Baseline::read("").is_err());
    }

    #[test]
    fn the_committed_one_has_every_entry_at_every_size() {
        let baseline = Baseline::read(&std::fs::read_to_string(Baseline::path()).unwrap()).unwrap();
        for entry in Entry::ALL {
            for size in SIZES {
                assert!(
                    baseline.mean(entry, size.name).is_some_and(|mean| mean > 0.0),
                    "{entry:?} {}",
                    size.name
                );
            }
        }
        assert_eq!(baseline.means.len(), Entry::ALL.len() * SIZES.len(), "sizes or entries that are no more");
    }
}
