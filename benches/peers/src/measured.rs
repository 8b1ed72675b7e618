//! What a run has measured, as plain values: engines and sizes with their figures, the floor, what is ours alone, and the machine.
//!
//! A run is kept as JSON beside its record, so that tables and charts can be drawn again without measuring again, and so that the report is
//! tested on made-up runs. Times are nanoseconds, memory is bytes.

use serde_json::{Map, Value, json};

/// One engine at one size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The entry's name.
    pub engine: String,
    /// Members.
    pub members: usize,
    /// Roles.
    pub roles: usize,
    /// Why there are no figures; the others are then 0.
    pub absent: Option<String>,
    /// What loading took.
    pub load: f64,
    /// What the process held after loading, less what it held before.
    pub memory: f64,
    /// Questions whose decisions were compared with the expected ones.
    pub verified: usize,
    /// Questions a timed pass asked.
    pub asked: usize,
    /// Nanoseconds a question: the median of the passes, the fastest and the slowest.
    pub median: f64,
    /// The fastest pass.
    pub least: f64,
    /// The slowest pass.
    pub most: f64,
    /// How many passes.
    pub passes: usize,
}

/// A figure that stands for itself: of the floor, or of what is ours alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Single {
    /// What was done.
    pub what: String,
    /// On how many members, and 0 where there are none.
    pub members: usize,
    /// On how many roles, and 0 where there are none.
    pub roles: usize,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
}

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The day, as year-month-day.
    pub date: String,
    /// Whether it was the quick form.
    pub quick: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What the machine says of itself, a line a fact.
    pub machine: Vec<String>,
    /// Package and version.
    pub versions: Vec<(String, String)>,
    /// Engines and sizes.
    pub figures: Vec<Figure>,
    /// The floor.
    pub floor: Vec<Single>,
    /// Ours alone.
    pub ours: Vec<Single>,
}

impl Run {
    /// The figure of an engine at a size, if it was measured.
    pub fn at(&self, engine: &str, members: usize, roles: usize) -> Option<&Figure> {
        let size = |it: &&Figure| it.engine == engine && it.members == members && it.roles == roles;
        self.figures.iter().find(size).filter(|it| it.absent.is_none())
    }

    /// A figure of the floor.
    pub fn floor(&self, what: &str) -> Option<f64> {
        self.floor.iter().find(|it| it.what == what).map(|it| it.value)
    }

    /// The whole as JSON.
    pub fn to_json(&self) -> Value {
        let figure = |it: &Figure| {
            json!({ "engine": it.engine, "members": it.members, "roles": it.roles, "absent": it.absent, "load": it.load,
                "memory": it.memory, "verified": it.verified, "asked": it.asked, "median": it.median, "least": it.least,
                "most": it.most, "passes": it.passes })
        };
        let single = |it: &Single| json!({ "what": it.what, "members": it.members, "roles": it.roles, "value": it.value, "unit": it.unit });
        json!({ "date": self.date, "quick": self.quick, "seconds": self.seconds, "machine": self.machine,
            "versions": self.versions.iter().map(|(name, version)| (name.clone(), json!(version))).collect::<Map<_, _>>(),
            "figures": self.figures.iter().map(figure).collect::<Vec<_>>(),
            "floor": self.floor.iter().map(single).collect::<Vec<_>>(),
            "ours": self.ours.iter().map(single).collect::<Vec<_>>() })
    }

    /// The run that a JSON value tells of; what it does not tell is nothing.
    pub fn from_json(value: &Value) -> Run {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or("").to_owned();
        let number = |value: &Value, key: &str| value[key].as_f64().unwrap_or(0.0);
        let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
        let figure = |it: &Value| Figure {
            engine: text(it, "engine"),
            members: number(it, "members") as usize,
            roles: number(it, "roles") as usize,
            absent: it["absent"].as_str().map(str::to_owned),
            load: number(it, "load"),
            memory: number(it, "memory"),
            verified: number(it, "verified") as usize,
            asked: number(it, "asked") as usize,
            median: number(it, "median"),
            least: number(it, "least"),
            most: number(it, "most"),
            passes: number(it, "passes") as usize,
        };
        let single = |it: &Value| Single {
            what: text(it, "what"),
            members: number(it, "members") as usize,
            roles: number(it, "roles") as usize,
            value: number(it, "value"),
            unit: text(it, "unit"),
        };
        let versions = value["versions"].as_object().cloned().unwrap_or_default();
        Run {
            date: text(value, "date"),
            quick: value["quick"].as_bool().unwrap_or(false),
            seconds: number(value, "seconds"),
            machine: list("machine").iter().filter_map(|line| Some(line.as_str()?.to_owned())).collect(),
            versions: versions
                .iter()
                .map(|(name, it)| (name.clone(), it.as_str().unwrap_or("").to_owned()))
                .collect(),
            figures: list("figures").iter().map(figure).collect(),
            floor: list("floor").iter().map(single).collect(),
            ours: list("ours").iter().map(single).collect(),
        }
    }
}

/// The middle one; the mean of the middle two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(0.0);
    // The same place twice where there is one in the middle.
    (at(sorted.len() / 2) + at(sorted.len().saturating_sub(1) / 2)) / 2.0
}
