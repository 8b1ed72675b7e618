//! The tables of rule 10 in docs/language.md, run row by row.
//!
//! A table is known by the heading that it stands under and by its first column; the workspace that the largest of them
//! asks is the one that the page shows. Rows are evaluated by the look-up over plain data.

use super::asked::{Shelf, asked, attribute, condition, schema};
use super::{Attribute, Found, Lookup, Outcome, Value};
use crate::schema::Schema;

const PAGE: &str = include_str!("../../../../docs/language.md");

fn section(heading: &str) -> &'static str {
    let start = PAGE.find(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    let body = &PAGE[start + 5..];
    &body[..body.find("\n##").unwrap_or(body.len())]
}

/// The rows of the tables in a section whose first column has this title, cut into cells, without their backquotes.
fn rows(heading: &str, first: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in section(heading).lines() {
        let Some(line) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            inside = false;
            continue;
        };
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        if cells[0] == first {
            inside = true;
        } else if inside && !cells[0].starts_with("---") {
            found.push(cells);
        }
    }
    assert!(!found.is_empty(), "`{heading}` has no table of `{first}`");
    found
}

fn plain(cell: &str) -> &str {
    cell.trim_matches(['`', '*'])
}

fn outcome(word: &str) -> Outcome {
    [Outcome::False, Outcome::Unknown, Outcome::True]
        .into_iter()
        .find(|known| known.as_str() == word)
        .unwrap()
}

#[test]
fn and_and_or_are_those_of_the_page() {
    let columns = ["true", "unknown", "false"].map(outcome);
    for (name, join) in [("*and*", Outcome::and as fn(Outcome, Outcome) -> Outcome), ("*or*", Outcome::or)] {
        let rows = rows("True, false and unknown", name);
        assert_eq!(rows.len(), 3);
        for row in rows {
            for (column, cell) in columns.into_iter().zip(&row[1..]) {
                assert_eq!(join(outcome(plain(&row[0])), column), outcome(cell), "{row:?}");
            }
        }
    }
}

/// The workspace of the page: the member's properties, and the objects.
fn workspace() -> (Attribute, Shelf) {
    let body = section("True, false and unknown");
    let text = body.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let page = attribute(text);
    // What an attribute shows of itself is read again.
    let part = |value: Value<'_>, key: &str| -> Attribute {
        let Value::Object(object) = value else { panic!("{value}") };
        attribute(&object.get(key).unwrap_or_else(|| panic!("{key} of {value}")).to_string())
    };
    let text = |value: Value<'_>, key: &str| part(value, key).value().as_str().unwrap().to_owned();
    let ann = part(part(page.value(), "members").value(), "ann");
    let objects = part(page.value(), "objects");
    let Value::List(list) = objects.value() else { panic!() };
    let objects =
        list.iter().map(|object| (text(object, "type"), text(object, "id"), part(object, "properties")));
    (
        part(ann.value(), "properties"),
        Shelf { schema: Schema::hightouch().unwrap(), objects: objects.collect() },
    )
}

#[test]
fn each_condition_comes_to_what_the_page_says() {
    let (ann, shelf) = workspace();
    let rows = rows("True, false and unknown", "asked");
    assert!(rows.len() > 60, "{}", rows.len());
    for row in &rows {
        let [question, test, expected] = &row[..] else { panic!("{row:?}") };
        let (object, more) =
            question.trim_matches('`').split_once("` ").unwrap_or((question.trim_matches('`'), ""));
        let (kind, id) = object.split_once(' ').map_or((object, None), |(kind, id)| (kind, Some(id)));
        let part = |word: &str| more.strip_prefix(word).map(|text| attribute(text.trim_matches(['`', ' '])));
        let (sent, context) = (part("with "), part("in "));
        assert_eq!(more.is_empty(), sent.is_none() && context.is_none(), "{question}");
        let mut facts = asked(&shelf, kind, id);
        facts.subject.stored = ann.value();
        facts.resource.sent = sent.as_ref().map(Attribute::value);
        facts.context = context.as_ref().map(Attribute::value);
        let condition = condition(&shelf.schema, plain(test));
        assert_eq!(condition.outcome(&facts), outcome(expected), "{row:?}");
        // The slow answer is the fast one, with reasons.
        let findings = condition.findings(&facts);
        let joined = findings.iter().fold(Outcome::True, |outcome, finding| outcome.and(finding.outcome));
        assert_eq!(joined, outcome(expected), "{row:?}");
        assert!(
            findings.iter().all(|one| (one.outcome == Outcome::Unknown) == one.undecided.is_some()),
            "{row:?}"
        );
    }
    println!("{} rows", rows.len());
}

#[test]
fn values_come_from_where_the_page_says() {
    let rows = rows("Where a value comes from", "from");
    assert!(rows.len() > 15, "{}", rows.len());
    for row in &rows {
        let [from, stored, sent, expected] = &row[..] else { panic!("{row:?}") };
        let part = |cell: &str| (!cell.is_empty()).then(|| attribute(plain(cell)));
        let (stored, sent) = (part(stored), part(sent));
        let declared =
            format!(r#", "attributes": {{"labels.team": {{"type": "string", "from": "{from}"}}}}"#);
        let schemas = [Some(schema(&declared)), (from == "either").then(|| schema(""))];
        for schema in schemas.into_iter().flatten() {
            let condition = condition(&schema, r#"{"labels.team": {"exists": true}}"#);
            let objects = stored.iter().map(|stored| ("sync".to_owned(), "42".to_owned(), stored.clone()));
            let shelf = Shelf { schema, objects: objects.collect() };
            let mut facts = asked(&shelf, "sync", Some("42"));
            facts.resource.sent = sent.as_ref().map(Attribute::value);
            let said = match facts.find(condition.tests()[0].reference()) {
                Found::Value(value, _) => value.to_string(),
                Found::Missing => "missing".to_owned(),
                Found::Unknown(why) => why.as_str().to_owned(),
            };
            assert_eq!(said, plain(expected), "{row:?}");
        }
    }
}
