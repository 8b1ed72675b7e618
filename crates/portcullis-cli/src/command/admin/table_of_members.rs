//! Members from a CSV file, as the operations that make them.
//!
//! RFC 4180: commas, double quotes around a cell that holds one of both or a line end, a quote within doubled. The header says which column
//! is which, since every tool that writes such files has an order of its own; a column that is not known is refused, not passed
//! over: whoever wrote `roles` meant something.

use std::path::Path;

use portcullis::text::quoted;
use portcullis_server::{Operation, Which};

use super::around::Around;
use super::given;
use crate::exit::Failure;
use crate::files;

/// Bytes of a file.
const MOST: usize = 16 << 20;

const HELP: &str = "the first line names the columns: subject, and any of role, type and group";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Subject,
    Role,
    Kind,
    Group,
}

/// The operations of a file.
pub(super) fn read(around: &Around, file: &Path) -> Result<Vec<Operation>, Failure> {
    let text = given::text(around, file, MOST)?;
    operations(&text).map_err(|(line, what)| {
        Failure::with_help(format!("{}, line {line}: {what}", quoted(&files::shown(file))), HELP)
    })
}

/// A line and what is wrong with it.
type Fault = (usize, String);

fn operations(text: &str) -> Result<Vec<Operation>, Fault> {
    let mut records = records(text.strip_prefix('\u{feff}').unwrap_or(text))?.into_iter();
    let Some((line, names)) = records.next() else {
        return Err((1, "expected a header, found nothing".to_owned()));
    };
    let columns = columns(&names).map_err(|what| (line, what))?;
    let mut operations = Vec::new();
    for (line, cells) in records {
        if cells.len() != columns.len() {
            return Err((line, format!("expected {} cells, found {}", columns.len(), cells.len())));
        }
        let cell = |column: Column| {
            let found = columns.iter().zip(&cells).find(|(one, _)| **one == column);
            found.map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
        };
        let Some(subject) = cell(Column::Subject) else {
            return Err((line, "the subject is empty".to_owned()));
        };
        let member = Which(subject.clone());
        let role = cell(Column::Role).map(Which);
        operations.push(Operation::AddMember { subject, role, kind: cell(Column::Kind), properties: None });
        for (column, group) in columns.iter().zip(&cells) {
            if *column == Column::Group && !group.trim().is_empty() {
                let group = Which(group.trim().to_owned());
                operations.push(Operation::AddToGroup { group, member: member.clone() });
            }
        }
    }
    if operations.is_empty() {
        return Err((line, "there are no members under the header".to_owned()));
    }
    Ok(operations)
}

fn columns(names: &[String]) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for name in names {
        let column = match name.trim() {
            "subject" => Column::Subject,
            "role" => Column::Role,
            "type" => Column::Kind,
            "group" => Column::Group,
            other => return Err(format!("there is no column {}", quoted(other))),
        };
        if column != Column::Group && columns.contains(&column) {
            return Err(format!("the column {} is there twice", quoted(name)));
        }
        columns.push(column);
    }
    if columns.contains(&Column::Subject) {
        Ok(columns)
    } else {
        Err("there is no column `subject`".to_owned())
    }
}

/// The records of a text, each with the line that it begins on. Blank lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Fault> {
    let mut records = Vec::new();
    let (mut line, mut begun) = (1, 1);
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut within, mut closed) = (false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match letter {
            '"' if within && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if within => (within, closed) = (false, true),
            _ if within => cell.push(letter),
            '"' if cell.is_empty() && !closed => within = true,
            ',' => {
                cells.push(std::mem::take(&mut cell));
                closed = false;
            }
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => {
                cells.push(std::mem::take(&mut cell));
                let record = std::mem::take(&mut cells);
                if record.iter().any(|cell| !cell.is_empty()) || record.len() > 1 {
                    records.push((begun, record));
                }
                (begun, closed) = (line, false);
            }
            _ if closed => {
                return Err((line, "expected a comma after the quote that closes a cell".to_owned()));
            }
            _ => cell.push(letter),
        }
    }
    if within {
        return Err((begun, "a quote is not closed".to_owned()));
    }
    if !cell.is_empty() || !cells.is_empty() || closed {
        cells.push(cell);
        records.push((begun, cells));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let told = |one: Operation| serde_json::to_string(&one).unwrap();
        operations(text).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn a_line_makes_a_member_and_puts_it_into_its_groups() {
        let plain = read("subject,role,group,group\nann,admin,ops,\n\nbob,,ops,\"a \"\"b\"\", c\"");
        assert_eq!(
            plain,
            [
                r#"{"add-member":{"subject":"ann","role":"admin"}}"#,
                r#"{"add-to-group":{"group":"ops","member":"ann"}}"#,
                r#"{"add-member":{"subject":"bob"}}"#,
                r#"{"add-to-group":{"group":"ops","member":"bob"}}"#,
                r#"{"add-to-group":{"group":"a \"b\", c","member":"bob"}}"#,
            ]
        );
        assert_eq!(
            read("\u{feff}type,subject\r\nservice,svc\r\n"),
            [r#"{"add-member":{"subject":"svc","type":"service"}}"#]
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, line, what) in [
            ("", 1, "found nothing"),
            ("subject\n", 1, "no members"),
            ("role\nx\n", 1, "no column `subject`"),
            ("subject,roles\nann,admin\n", 1, "`roles`"),
            ("subject,subject\na,b\n", 1, "twice"),
            ("subject,role\nann\n", 2, "expected 2 cells, found 1"),
            ("subject,role\nann,x\n,admin\n", 3, "the subject is empty"),
            ("subject\n\"ann\n", 2, "not closed"),
            ("subject\n\"ann\"x\n", 2, "a comma"),
        ] {
            let (at, told) = operations(text).unwrap_err();
            assert!(at == line && told.contains(what), "{text:?}: {at}: {told}");
        }
    }
}
