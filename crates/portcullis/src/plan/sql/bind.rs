//! What stands beside a column: parameters, patterns, and the question whether a value is what the column is said to hold.
//!
//! All that differs between the dialects for a reason of their own is here: how a value is bound so that no driver takes it for another
//! type, how a pattern is escaped, which form of a time is in order.

use super::compare::Operated;
use super::number::{self, Bindable};
use super::{Dialect, Parameter, Writer};
use crate::condition::{Instant, Number};
use crate::schema::AttributeType;

impl<'c> Writer<'c> {
    pub(super) fn bind_text(&mut self, text: &str) -> String {
        let place = self.bind(Parameter::Text(text.to_owned()));
        match self.dialect {
            Dialect::Postgres => format!("CAST({place} AS text)"),
            Dialect::Sqlite => place,
        }
    }

    pub(super) fn bind_number(&mut self, left: &Operated<'c>, number: &Number) -> Option<(String, bool)> {
        let bindable = match self.dialect {
            Dialect::Postgres => number::for_postgres(number),
            Dialect::Sqlite => number::for_sqlite(number),
        };
        let Some(Bindable { parameter, is_safe }) = bindable else {
            let message = format!("{} does not compare with {number} exactly", self.dialect.name());
            self.refuse(
                left.column,
                message,
                "write the condition with a whole number of 64 bits, or with 15 digits at most",
            );
            return None;
        };
        let is_whole = matches!(parameter, Parameter::Integer(_));
        let place = self.bind(parameter);
        let place = match (self.dialect, is_whole) {
            (Dialect::Sqlite, _) => place,
            (Dialect::Postgres, true) => format!("CAST({place} AS bigint)"),
            (Dialect::Postgres, false) => format!("CAST(CAST({place} AS text) AS numeric)"),
        };
        Some((place, is_safe))
    }

    pub(super) fn bind_instant(&mut self, left: &Operated<'c>, instant: &Instant<'_>) -> Option<String> {
        let text = instant.to_string();
        // A year of another length than four is where UTC put it.
        let plain =
            text.as_bytes().get(4) == Some(&b'-') && text.starts_with(|first: char| first.is_ascii_digit());
        let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() - 1);
        let held = match self.dialect {
            Dialect::Sqlite => plain,
            Dialect::Postgres => plain && !text.starts_with("0000") && fraction <= 6,
        };
        if !held {
            let message = format!("{} does not compare with the time {text} exactly", self.dialect.name());
            let help = "times are of the years 0001 to 9999, and PostgreSQL keeps microseconds: write the condition so";
            self.refuse(left.column, message, help);
            return None;
        }
        Some(match self.dialect {
            Dialect::Sqlite => self.bind(Parameter::Text(text.trim_end_matches('Z').to_owned())),
            Dialect::Postgres => {
                let place = self.bind(Parameter::Text(text));
                format!("CAST(CAST({place} AS text) AS timestamptz)")
            }
        })
    }

    /// Whether a text matches a pattern, and the part of that which an index can serve.
    pub(super) fn pattern(&mut self, left: &Operated<'c>, pattern: &str) -> Option<(String, String)> {
        let name = &left.name;
        match self.dialect {
            Dialect::Postgres => {
                let mut like = String::with_capacity(pattern.len());
                for c in pattern.chars() {
                    match c {
                        '*' => like.push('%'),
                        '%' | '_' | '!' => like.extend(['!', c]),
                        _ => like.push(c),
                    }
                }
                let bare = format!("{name} LIKE {} ESCAPE '!'", self.bind_text(&like));
                Some((bare.clone(), bare))
            }
            Dialect::Sqlite => {
                let mut glob = String::with_capacity(pattern.len());
                for c in pattern.chars() {
                    match c {
                        '?' | '[' => glob.extend(['[', c, ']']),
                        _ => glob.push(c),
                    }
                }
                if glob.contains('\0') || glob.len() > MOST_GLOB {
                    let message =
                        format!("SQLite does not match the pattern `{}`", crate::text::shown(pattern));
                    let help = format!("a pattern of SQLite holds no NUL and {MOST_GLOB} bytes at most");
                    self.refuse(left.column, message, &help);
                    return None;
                }
                let bare = format!("{name} GLOB {}", self.bind(Parameter::Text(glob)));
                // GLOB reads a text up to a NUL.
                Some((format!("CASE WHEN instr({name}, char(0)) = 0 THEN {bare} END"), bare))
            }
        }
    }

    /// Whether the value of a column is what the column is said to hold, where that is not a matter of course.
    pub(super) fn guard(&self, kind: AttributeType, name: &str, is_safe: bool) -> Option<String> {
        match (self.dialect, kind) {
            (Dialect::Postgres, AttributeType::Time) => {
                Some(format!("pg_typeof({name}) = CAST('timestamptz' AS regtype) AND isfinite({name})"))
            }
            (Dialect::Postgres, _) => None,
            (Dialect::Sqlite, AttributeType::String) => Some(format!("typeof({name}) = 'text'")),
            (Dialect::Sqlite, AttributeType::Number) if is_safe => {
                Some(format!("typeof({name}) IN ('integer', 'real')"))
            }
            (Dialect::Sqlite, AttributeType::Number) => Some(format!("typeof({name}) = 'integer'")),
            (Dialect::Sqlite, AttributeType::Boolean) => {
                Some(format!("typeof({name}) = 'integer' AND {name} IN (0, 1)"))
            }
            (Dialect::Sqlite, AttributeType::Time) => Some(time_guard(name)),
            (Dialect::Sqlite, AttributeType::List | AttributeType::Object) => Some("FALSE".to_owned()),
        }
    }
}

/// Bytes of a pattern, by SQLite's own default.
const MOST_GLOB: usize = 50_000;

/// A number of PostgreSQL as a numeric.
pub(super) fn as_numeric(place: &str) -> String {
    if place.ends_with("AS numeric)") { place.to_owned() } else { format!("CAST({place} AS numeric)") }
}

/// A time without its `Z`: so texts are in order as times are.
pub(super) fn without_zone(name: &str) -> String {
    format!("substr({name}, 1, length({name}) - 1)")
}

/// Whether a text is a time in the one form that is in order as text: UTC with `Z`, and a fraction that ends in no zero. `date` and `time`
/// give back what they read where there is such a day and time; but `time` knows an hour 24.
fn time_guard(name: &str) -> String {
    let day = format!("substr({name}, 1, 10)");
    let time = format!("substr({name}, 12, 8)");
    let rest = format!("substr({name}, 20)");
    let digits = format!("substr({name}, 21, length({name}) - 21)");
    format!(
        "typeof({name}) = 'text' AND instr({name}, char(0)) = 0 AND date({day}) = {day} AND substr({name}, 11, 1) = 'T' \
         AND time({time}) = {time} AND {time} < '24' AND ({rest} = 'Z' OR ({rest} GLOB '.*[1-9]Z' AND {digits} NOT GLOB '*[^0-9]*'))"
    )
}
