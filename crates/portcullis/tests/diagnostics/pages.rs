//! The pages in docs/diagnostics/, one a code and a table of all, written from the table of codes.
//!
//! `PORTCULLIS_BLESS=1` writes them anew; otherwise they must be what would be written.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use portcullis::diagnostic::Code;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics"))
}

/// What a hundred of codes is about.
fn chapter(code: Code) -> &'static str {
    match &code.as_str()[1..3] {
        "00" => "The text of a file",
        "01" => "Policy documents, and the shape of any file",
        "02" => "What a policy document means under its schema",
        "03" => "Workspaces",
        "04" => "Schemas",
        "05" => "Test suites",
        "06" => "Edits of a running workspace",
        "07" => "Columns of a plan",
        "08" => "Rules",
        "09" => "Findings: what compiles, and was perhaps not meant",
        _ => panic!("{code} begins a new hundred: name it here"),
    }
}

fn index() -> String {
    let mut page = String::from(
        "# Diagnostics\n\n\
         Everything that `portcullis lint` can say, by its stable code. A code never changes its meaning, and a number is never \
         used again. `portcullis lint --explain CODE` prints the page.\n\n\
         An *error* means that the file is not compiled. A *warning* compiles, but probably does not say what was meant; a *note* \
         is worth knowing. Some warnings are errors in a deny, which would otherwise protect nothing.\n",
    );
    let mut current = "";
    for &code in Code::ALL {
        if chapter(code) != current {
            current = chapter(code);
            write!(page, "\n## {current}\n\n| code | severity | what |\n|---|---|---|\n").unwrap();
        }
        let severity = code.severity().as_str();
        writeln!(page, "| [{code}]({code}.md) | {severity} | {} |", code.title()).unwrap();
    }
    page.push_str("\nThese pages are written from the table of codes by a test: `PORTCULLIS_BLESS=1 cargo test -p portcullis --test diagnostics pages`.\n");
    page
}

#[test]
fn pages_are_what_the_table_of_codes_says() {
    let mut pages = vec![("README.md".to_owned(), index())];
    pages.extend(Code::ALL.iter().map(|code| (format!("{code}.md"), code.page())));
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for (name, page) in &pages {
            fs::write(folder().join(name), page).unwrap();
        }
    }
    for (name, page) in &pages {
        let found = fs::read_to_string(folder().join(name)).unwrap_or_default().replace("\r\n", "\n");
        assert!(found == *page, "docs/diagnostics/{name} is behind; PORTCULLIS_BLESS=1 writes it anew");
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(pages.iter().any(|(page, _)| *page == name), "docs/diagnostics/{name} is about no code");
    }
}
