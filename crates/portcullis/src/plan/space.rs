//! The values of one attribute, cut at the constants that tests name: in each cell every test comes to one outcome.
//!
//! A test of one attribute is then a set of cells, and what it means beside others is set algebra:
//! tests whose cells have nothing in common contradict each other, and one whose cells hold another's says
//! nothing more than that one. A cell too many (of texts that match patterns which nothing matches at once) makes this miss a
//! simplification and never makes a wrong one. What would take too many cells is left as it is.

use std::cmp::Ordering;

use crate::condition::{Bound, Check, Instant, Literal, Number, Operand, Outcome, Reference, Set, Test};
use crate::pattern::Pattern;
use crate::policy::Effect;
use crate::schema::AttributeType;

/// Which cells there are of some space.
pub(super) type Cells = Vec<bool>;

/// How often a cell is looked at for some test, at most.
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
    /// Where the cells of the named texts start.
    first_text: usize,
}

/// Missing, something else, false, true: before the cells of numbers.
const BEFORE_NUMBERS: usize = 4;

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
    /// The space that some tests of one attribute need, each as often as it stands somewhere; nothing where it would be too large.
    pub(super) fn of(reference: &Reference, tests: &[&Test]) -> Option<Space> {
        let mut space = Space {
            declared: reference.declared().and_then(|declared| declared.kind),
            texts: Vec::new(),
            patterns: Vec::new(),
            numbers: Vec::new(),
            instants: Vec::new(),
            tells_times: false,
            cells: Vec::new(),
            first_text: 0,
        };
        space.tells_times = space.declared == Some(AttributeType::Time);
        for test in tests {
            match test.check() {
                Check::Equals(Operand::Literal(literal)) => space.name(literal.clone()),
                Check::In { set, .. } => set.literals().for_each(|literal| space.name(literal)),
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
        if space.patterns.len() > MOST_PATTERNS {
            return None;
        }
        let others = (space.instants.len().saturating_mul(2) + 2) << space.patterns.len();
        let cells = space.texts.len() + 2 * space.numbers.len() + others + 6;
        if cells.saturating_mul(tests.len()) > MOST_WORK {
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
        self.first_text = cells.len();
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
        if let Check::In { set, negated } = test.check() {
            let within = self.within(set);
            let outcomes = within.into_iter().map(|outcome| if *negated { !outcome } else { outcome });
            return outcomes.map(|outcome| outcome.applies(effect)).collect();
        }
        self.cells.iter().map(|&cell| self.outcome(test.check(), cell).applies(effect)).collect()
    }

    /// What *in* comes to in each cell: every literal says of its own cell that it is one, and of the others only whether they are of its kind.
    fn within(&self, set: &Set) -> Vec<Outcome> {
        let literals: Vec<Literal> = set.literals().collect();
        let has = |wanted: fn(&Literal) -> bool| literals.iter().any(wanted);
        let strings = has(|literal| matches!(literal, Literal::Text(_) | Literal::Pattern(_)));
        let numbers = has(|literal| matches!(literal, Literal::Number(_)));
        let booleans = has(|literal| matches!(literal, Literal::Boolean(_)));
        // An attribute among its own values is there whatever it is, if it is anything to compare.
        let itself = !set.references().is_empty();
        let patterns: Vec<&Literal> =
            literals.iter().filter(|literal| matches!(literal, Literal::Pattern(_))).collect();
        let without_plain = self.cells.iter().map(|&cell| {
            let others = match cell {
                _ if !self.is_comparable(cell) => return Outcome::Unknown,
                _ if itself => return Outcome::True,
                Cell::Text(_) | Cell::OtherText { .. } => numbers || booleans,
                Cell::Number(_) => strings || booleans,
                _ => strings || numbers,
            };
            let matched = patterns.iter().any(|pattern| self.equals(pattern, cell) == Outcome::True);
            match (matched, others) {
                (true, _) => Outcome::True,
                (false, true) => Outcome::Unknown,
                (false, false) => Outcome::False,
            }
        });
        let mut outcomes: Vec<Outcome> = without_plain.collect();
        for literal in &literals {
            let place = self
                .cell_of(literal)
                .filter(|&at| self.cells.get(at).is_some_and(|&cell| self.is_comparable(cell)));
            if let Some(outcome) = place.and_then(|at| outcomes.get_mut(at)) {
                *outcome = Outcome::True;
            }
        }
        outcomes
    }

    /// The cell of just this value.
    pub(super) fn cell_of(&self, literal: &Literal) -> Option<usize> {
        let at = match literal {
            Literal::Boolean(holds) => BEFORE_NUMBERS - 2 + usize::from(*holds),
            Literal::Number(number) => BEFORE_NUMBERS + 1 + 2 * self.numbers.binary_search(number).ok()?,
            Literal::Text(text) => self.first_text + self.texts.binary_search(text).ok()?,
            Literal::Pattern(_) => return None,
        };
        // An id has no cells but those of texts.
        let is_text = matches!(literal, Literal::Text(_));
        (is_text || self.first_text >= BEFORE_NUMBERS).then_some(at)
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

    /// Whether there is a value that could be compared with anything.
    fn is_comparable(&self, cell: Cell) -> bool {
        !matches!(cell, Cell::Missing | Cell::Lost | Cell::Other) && self.is_as_declared(cell)
    }

    fn outcome(&self, check: &Check, cell: Cell) -> Outcome {
        if let Check::Exists(wanted) = check {
            return match cell {
                Cell::Lost => Outcome::Unknown,
                Cell::Missing => Outcome::from(!wanted),
                _ => Outcome::from(*wanted),
            };
        }
        if !self.is_comparable(cell) {
            return Outcome::Unknown;
        }
        match check {
            Check::Equals(Operand::Literal(literal)) => self.equals(literal, cell),
            // The operand is the attribute itself.
            Check::Equals(Operand::Reference(_)) => Outcome::True,
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
            // Lists are looked at in all cells at once; the rest is answered already, or no test of one attribute.
            Check::Exists(_) | Check::In { .. } | Check::InList { .. } => Outcome::Unknown,
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
