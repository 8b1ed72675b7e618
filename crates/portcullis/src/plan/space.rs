//! The values of one attribute, cut at the constants that tests name: in each cell every test comes to one outcome.
//!
//! A test of one attribute is then a set of cells, and what it means beside others is set algebra:
//! tests whose cells have nothing in common contradict each other, and one whose cells hold another's says
//! nothing more than that one. A cell too many (of texts that match patterns which nothing matches at once) makes this miss a
//! simplification and never makes a wrong one. What would take too many cells is left as it is.

use std::cmp::Ordering;

use crate::condition::{Bound, Check, Instant, Literal, Number, Operand, Outcome, Reference, Test};
use crate::pattern::Pattern;
use crate::policy::Effect;
use crate::schema::AttributeType;

/// Which cells there are of some space.
pub(super) type Cells = Vec<bool>;

/// Tests to be looked at in all cells together, at most.
const MOST_WORK: usize = 1 << 22;
/// Every set of patterns is a cell of its own.
const MOST_PATTERNS: usize = 4;

/// Among constants in order: one of them, or what lies before one and after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    At(usize),
    Before(usize),
}

#[derive(Clone, Copy, Debug)]
enum Cell {
    Missing,
    /// A path that leads through a reference to nowhere.
    Lost,
    /// A list, an object, a number that compares with nothing.
    Other,
    Boolean(bool),
    Number(Place),
    /// One of the texts that are named.
    Text(usize),
    /// Any other text: the patterns that it matches, and if it is a time, when.
    OtherText {
        matching: u32,
        time: Option<Place>,
    },
}

/// An attribute of the object and the cells of its values.
pub(super) struct Space {
    declared: Option<AttributeType>,
    texts: Vec<Box<str>>,
    patterns: Vec<Box<str>>,
    numbers: Vec<Number>,
    instants: Vec<Instant<'static>>,
    /// Whether it matters which texts are times.
    tells_times: bool,
    cells: Vec<Cell>,
}

fn in_order<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

fn places(count: usize) -> impl Iterator<Item = Place> {
    (0..count).flat_map(|at| [Place::Before(at), Place::At(at)]).chain([Place::Before(count)])
}

impl Place {
    /// On which side of a constant of the same order it lies.
    fn compared(self, constant: usize) -> Ordering {
        match self {
            Place::At(at) => at.cmp(&constant),
            Place::Before(at) if at <= constant => Ordering::Less,
            Place::Before(_) => Ordering::Greater,
        }
    }
}

impl Space {
    /// The space that some tests of one attribute need; nothing where it would be too large.
    pub(super) fn of(reference: &Reference, tests: &[&Test]) -> Option<Space> {
        let mut space = Space {
            declared: reference.declared().and_then(|declared| declared.kind),
            texts: Vec::new(),
            patterns: Vec::new(),
            numbers: Vec::new(),
            instants: Vec::new(),
            tells_times: false,
            cells: Vec::new(),
        };
        space.tells_times = space.declared == Some(AttributeType::Time);
        let mut named = tests.len();
        for test in tests {
            match test.check() {
                Check::Equals(Operand::Literal(literal)) => space.name(literal.clone()),
                Check::In { set, .. } => {
                    named += set.len();
                    set.literals().for_each(|literal| space.name(literal));
                }
                Check::Order { bound: Bound::Number(number), .. } => space.numbers.push(number.clone()),
                Check::Order { bound: Bound::Instant(instant), .. } => {
                    space.tells_times = true;
                    space.instants.push(instant.clone());
                }
                Check::Order { bound: Bound::Reference(_), .. } => space.tells_times = true,
                Check::Exists(_) | Check::Equals(_) | Check::InList { .. } => {}
            }
        }
        space.texts = in_order(std::mem::take(&mut space.texts));
        space.patterns = in_order(std::mem::take(&mut space.patterns));
        space.numbers = in_order(std::mem::take(&mut space.numbers));
        space.instants = in_order(std::mem::take(&mut space.instants));
        let others = space.instants.len().saturating_mul(2) + 2;
        let cells = space.texts.len() + 2 * space.numbers.len() + (others << MOST_PATTERNS) + 6;
        if space.patterns.len() > MOST_PATTERNS || cells.saturating_mul(named) > MOST_WORK {
            return None;
        }
        space.lay_out(reference);
        Some(space)
    }

    fn name(&mut self, literal: Literal) {
        match literal {
            Literal::Boolean(_) => {}
            Literal::Number(number) => self.numbers.push(number),
            Literal::Text(text) => self.texts.push(text),
            Literal::Pattern(pattern) => self.patterns.push(pattern),
        }
    }

    fn lay_out(&mut self, reference: &Reference) {
        let mut cells = Vec::new();
        // An id is there and is a text. Only a path of several parts can lead through a reference.
        if let Some(path) = reference.path() {
            cells.extend([Cell::Missing, Cell::Other, Cell::Boolean(false), Cell::Boolean(true)]);
            cells.extend(places(self.numbers.len()).map(Cell::Number));
            if path.contains('.') {
                cells.push(Cell::Lost);
            }
        }
        cells.extend((0..self.texts.len()).map(Cell::Text));
        let times = places(self.instants.len()).map(Some).filter(|_| self.tells_times);
        let times: Vec<Option<Place>> = std::iter::once(None).chain(times).collect();
        for matching in (0..1_u32 << self.patterns.len()).filter(|matching| self.is_possible(*matching)) {
            cells.extend(times.iter().map(|&time| Cell::OtherText { matching, time }));
        }
        self.cells = cells;
    }

    /// Whether some text may match these patterns and no others: not one that a pattern matches which is broader than one of them,
    /// and not that pattern.
    fn is_possible(&self, matching: u32) -> bool {
        let has = |index: usize| matching >> index & 1 == 1;
        self.patterns.iter().enumerate().all(|(at, broad)| {
            // A star of the narrow one can only lie where the broad one has a star, which takes whatever stands for it.
            let holds = |narrow: &str| Pattern::in_literal(broad).matches(narrow);
            let narrow = self.patterns.iter().enumerate();
            has(at)
                || (&**broad != "*" && !narrow.into_iter().any(|(other, narrow)| has(other) && holds(narrow)))
        })
    }

    /// All cells.
    pub(super) fn all(&self) -> Cells {
        vec![true; self.cells.len()]
    }

    /// The cells in which a test does not keep a statement of this effect from applying.
    pub(super) fn cells(&self, test: &Test, effect: Effect) -> Cells {
        let listed: Vec<Literal> = match test.check() {
            Check::In { set, .. } => set.literals().collect(),
            _ => Vec::new(),
        };
        let outcome = |&cell: &Cell| self.outcome(test.check(), &listed, cell).applies(effect);
        self.cells.iter().map(outcome).collect()
    }

    /// The cell of just this value.
    pub(super) fn cell_of(&self, literal: &Literal) -> Option<usize> {
        self.cells.iter().position(|&cell| match (literal, cell) {
            (Literal::Boolean(holds), Cell::Boolean(found)) => *holds == found,
            (Literal::Number(number), Cell::Number(Place::At(at))) => self.numbers.get(at) == Some(number),
            (Literal::Text(text), Cell::Text(at)) => self.texts.get(at) == Some(text),
            _ => false,
        })
    }

    fn text(&self, at: usize) -> &str {
        self.texts.get(at).map_or("", |text| text)
    }

    /// When a text is, if it is a time.
    fn order(&self, cell: Cell, instant: &Instant<'_>) -> Option<Ordering> {
        match cell {
            Cell::Text(at) => Some(Instant::parse(self.text(at))?.cmp(instant)),
            Cell::OtherText { time, .. } => {
                let constant = self.instants.iter().position(|known| known == instant)?;
                Some(time?.compared(constant))
            }
            _ => None,
        }
    }

    fn is_time(&self, cell: Cell) -> bool {
        match cell {
            Cell::Text(at) => Instant::parse(self.text(at)).is_some(),
            Cell::OtherText { time, .. } => time.is_some(),
            _ => false,
        }
    }

    fn is_as_declared(&self, cell: Cell) -> bool {
        let Some(declared) = self.declared else { return true };
        match (declared, cell) {
            (AttributeType::String, Cell::Text(_) | Cell::OtherText { .. })
            | (AttributeType::Number, Cell::Number(_))
            | (AttributeType::Boolean, Cell::Boolean(_)) => true,
            (AttributeType::Time, _) => self.is_time(cell),
            _ => false,
        }
    }

    /// What a check, with the literals that it lists, comes to.
    fn outcome(&self, check: &Check, listed: &[Literal], cell: Cell) -> Outcome {
        if let Check::Exists(wanted) = check {
            return match cell {
                Cell::Lost => Outcome::Unknown,
                Cell::Missing => Outcome::from(!wanted),
                _ => Outcome::from(*wanted),
            };
        }
        let nothing = matches!(cell, Cell::Missing | Cell::Lost | Cell::Other);
        if nothing || !self.is_as_declared(cell) {
            return Outcome::Unknown;
        }
        match check {
            Check::Equals(Operand::Literal(literal)) => self.equals(literal, cell),
            // The operand is the attribute itself.
            Check::Equals(Operand::Reference(_)) => Outcome::True,
            Check::In { set, negated } => {
                let itself = if set.references().is_empty() { Outcome::False } else { Outcome::True };
                let within =
                    listed.iter().map(|literal| self.equals(literal, cell)).fold(itself, Outcome::or);
                if *negated { !within } else { within }
            }
            Check::Order { greater, bound } => {
                let order = match (bound, cell) {
                    (Bound::Number(number), Cell::Number(place)) => {
                        let constant = self.numbers.binary_search(number);
                        constant.ok().map(|constant| place.compared(constant))
                    }
                    (Bound::Instant(instant), _) => self.order(cell, instant),
                    // The bound is the attribute itself.
                    (Bound::Reference(_), Cell::Number(_)) => Some(Ordering::Equal),
                    (Bound::Reference(_), _) => self.is_time(cell).then_some(Ordering::Equal),
                    _ => None,
                };
                let wanted = if *greater { Ordering::Greater } else { Ordering::Less };
                order.map_or(Outcome::Unknown, |order| Outcome::from(order == wanted))
            }
            Check::Exists(_) | Check::InList { .. } => Outcome::Unknown,
        }
    }

    fn equals(&self, literal: &Literal, cell: Cell) -> Outcome {
        Outcome::from(match (literal, cell) {
            (Literal::Boolean(holds), Cell::Boolean(found)) => *holds == found,
            (Literal::Number(number), Cell::Number(Place::At(at))) => self.numbers.get(at) == Some(number),
            (Literal::Number(_), Cell::Number(Place::Before(_))) => false,
            (Literal::Text(text), Cell::Text(at)) => **text == *self.text(at),
            (Literal::Text(_), Cell::OtherText { .. }) => false,
            (Literal::Pattern(pattern), Cell::Text(at)) => {
                Pattern::in_literal(pattern).matches(self.text(at))
            }
            (Literal::Pattern(pattern), Cell::OtherText { matching, .. }) => {
                let index = self.patterns.iter().position(|known| known == pattern);
                index.is_some_and(|index| matching >> index & 1 == 1)
            }
            _ => return Outcome::Unknown,
        })
    }
}
