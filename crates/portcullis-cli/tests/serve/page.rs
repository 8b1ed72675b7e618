//! docs/server.md: its examples are run as they stand, and its tables are held against the code.
//!
//! In a block of `~~~console`, `$ curl` begins a request, over several lines where they end with a backslash; what follows is the answer, with the
//! head where `-i` asks for it (without `Date`). Port 8080 is a demo, whose key is `$KEY`; port 8081 is examples/acme served to everybody.
//! Epochs differ from run to run and have a stand-in. After a wanted change: `GOLDEN=overwrite cargo test -p portcullis-cli --test serve page`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis::text::grouped;
use portcullis_server::{DoorBounds, FileKeys};

use crate::http::{Answer, get, send};
use crate::server::{Served, acme};

/// A request as it is typed.
#[derive(Debug, Default)]
pub(crate) struct Curl {
    shows_head: bool,
    port: u16,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Curl {
    /// Reads a command line, which may go on after a backslash.
    pub(crate) fn read(text: &str, key: &str) -> Curl {
        let words = words(text, key);
        assert_eq!(words[0], "curl");
        let (mut curl, mut rest) = (Curl::default(), words[1..].iter());
        while let Some(word) = rest.next() {
            match &**word {
                "-i" => curl.shows_head = true,
                "-H" => {
                    let (name, value) = rest.next().unwrap().split_once(": ").unwrap();
                    curl.headers.push((name.to_owned(), value.to_owned()));
                }
                "-d" => curl.body = Some(rest.next().unwrap().clone()),
                url => {
                    let after = url.strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("{url}"));
                    let slash = after.find('/').unwrap();
                    curl.port = after[..slash].parse().unwrap();
                    after[slash..].clone_into(&mut curl.path);
                }
            }
        }
        curl
    }

    /// Sends it to where the server is.
    pub(crate) fn send(&self, address: &str) -> Answer {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let method = if self.body.is_some() { "POST" } else { "GET" };
        send(address, method, &self.path, &headers, self.body.as_deref())
    }
}

/// The words of a command line; the key is put in wherever a shell would.
fn words(text: &str, key: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let text = text.replace("\\\n", " ");
    for c in text.chars() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => {
                word.get_or_insert_default().push(if c == '$' && quote == Some('\'') { '\u{0}' } else { c })
            }
        }
    }
    words.extend(word);
    assert_eq!(quote, None, "{text}");
    words.iter().map(|word| word.replace("$KEY", key).replace('\u{0}', "$")).collect()
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/server.md")
}

fn text() -> String {
    fs::read_to_string(page()).unwrap()
}

/// An answer as the page shows it.
fn shown(curl: &Curl, answer: &Answer, address: &str) -> String {
    let mut text = String::new();
    if curl.shows_head {
        text.push_str(&format!("{}\n", answer.first));
        for (name, value) in answer.headers.iter().filter(|(name, _)| name != "date" && name != "connection")
        {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push('\n');
    }
    text.push_str(answer.body.trim_end());
    // The port is what the page says.
    let text = text.replace(address, &format!("127.0.0.1:{}", curl.port));
    steady(&text) + "\n\n"
}

/// The same with one epoch for all.
fn steady(text: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            digits.push(c);
            continue;
        }
        let is_epoch = digits.len() == 16 && c == '.';
        shown.push_str(if is_epoch { "5f0c9a1e7b3d2468" } else { &digits });
        shown.push(c);
        digits.clear();
    }
    shown.pop();
    shown
}

#[test]
fn the_examples_of_the_page_are_answered_as_it_says() {
    let folder = acme();
    let mut demo = Served::start(folder.path(), &["--demo"]);
    let printed = demo.printed_until("  KEY=");
    let key = printed.lines().last().unwrap().trim_start_matches("  KEY=").to_owned();
    let sidecar = Served::start(folder.path(), &["-w", "workspace.json", "--insecure-no-auth"]);
    let old = text();
    let (mut new, mut inside, mut run) = (String::new(), false, 0);
    let mut lines = old.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("~~~") {
            inside = line == "~~~console";
        }
        let Some(command) = line.strip_prefix("$ ").filter(|_| inside) else {
            // What was answered is replaced by what is answered.
            if !inside || line == "~~~console" {
                new.push_str(&format!("{line}\n"));
            }
            continue;
        };
        let mut command = command.to_owned();
        while command.ends_with("\\") || command.matches("'").count() % 2 == 1 {
            command.push_str(&format!("\n{}", lines.next().unwrap()));
        }
        let curl = Curl::read(&command, &key);
        let address = match curl.port {
            8080 => &demo.address,
            8081 => &sidecar.address,
            other => panic!("nothing is served on port {other}"),
        };
        new.push_str(&format!("$ {command}\n{}", shown(&curl, &curl.send(address), address)));
        run += 1;
    }
    assert!(run > 12, "the examples are not where they were");
    if std::env::var("GOLDEN").is_ok_and(|value| value == "overwrite") {
        fs::write(page(), new).unwrap();
        return;
    }
    for (line, (old, new)) in old.lines().zip(new.lines()).enumerate() {
        assert_eq!(old, new, "docs/server.md, line {}", line + 1);
    }
    assert_eq!(old, new);
}

/// Asserts that the page has these rows in one table, and no others.
fn holds_table(heading: &str, rows: &[String]) {
    let page = text();
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "docs/server.md lacks the table\n{heading}");
    let table: Vec<&str> = lines.skip(1).take_while(|line| line.starts_with("| ")).collect();
    for row in rows {
        assert!(table.iter().any(|line| line.starts_with(&**row)), "docs/server.md lacks\n{row}");
    }
    for line in &table {
        assert!(rows.iter().any(|row| line.starts_with(&**row)), "docs/server.md says\n{line}");
    }
}

#[test]
fn the_page_says_every_bound() {
    // All of them, so that a new one is missed here.
    let DoorBounds {
        connections,
        head_bytes,
        headers,
        head_time,
        body_bytes,
        body_time,
        write_time,
        items,
        page,
        searches,
        search_time,
        streams,
        watches,
        strangers,
        longest_wait,
        usual_wait,
        failures,
        addresses,
    } = DoorBounds::default();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let millis = |time: Duration| format!("{} ms", grouped(usize::try_from(time.as_millis()).unwrap()));
    let number = |number: u32| grouped(usize::try_from(number).unwrap());
    let rows = [
        ("connections at once", "`connections`", grouped(connections)),
        ("bytes of a request's head", "`head-bytes`", grouped(head_bytes)),
        ("header lines of a request", "`headers`", grouped(headers)),
        ("time for a head, and idle between two requests", "`head-seconds`", seconds(head_time)),
        ("bytes of a body", "`body-bytes`", grouped(body_bytes)),
        ("time for a body", "`body-seconds`", seconds(body_time)),
        ("time in which a peer takes nothing of an answer", "`write-seconds`", seconds(write_time)),
        ("questions in one `evaluations`", "`items`", grouped(items)),
        ("results of a search on one page", "`page`", grouped(page)),
        ("searches computed at once", "`searches`", grouped(searches)),
        ("time for a search, its turn counted", "`search-seconds`", seconds(search_time)),
        ("requests and streams at once on a connection of HTTP/2", "`streams`", number(streams)),
        ("watches at once", "`watches`", grouped(watches)),
        ("calls of health and reflection over gRPC at once", "`strangers`", grouped(strangers)),
        ("`Portcullis-Wait`", "`longest-wait-ms`", millis(longest_wait)),
        ("`Portcullis-Wait` where it is not said", "`usual-wait-ms`", millis(usual_wait)),
        ("failed authentications of an address in a minute", "`failures`", number(failures)),
        ("addresses of which failures are counted", "`addresses`", grouped(addresses)),
        ("bytes of a keys file", "", grouped(FileKeys::BYTES)),
        ("keys in a keys file", "", grouped(FileKeys::KEYS)),
    ];
    let rows = rows.map(|(what, name, most)| format!("| {what} | {name} | {most} | ").replace("|  |", "| |"));
    holds_table("| what | `--bound` | at most | beyond it |", &rows);
}

#[test]
fn the_page_names_every_metric_and_every_endpoint() {
    let folder = acme();
    let served = Served::start(folder.path(), &["-w", "workspace.json", "--insecure-no-auth"]);
    let at = &served.address;
    let metrics = get(at, None, "/metrics");
    let kind = metrics.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let named = metrics.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(|line| {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffix = if kind == "counter" { "_total" } else { "" };
        assert!(metrics.body.contains(&format!("\n{name}{suffix}")), "{name}");
        format!("| `{name}{suffix}` | {kind} | ")
    });
    holds_table("| metric | kind | says |", &named.collect::<Vec<_>>());

    let page = text();
    let table = page.lines().skip_while(|line| *line != "| request | answers |").skip(2);
    let rows: Vec<&str> = table.take_while(|line| line.starts_with("| ")).collect();
    assert!(rows.len() > 8, "{rows:?}");
    for row in rows {
        let request = row.split('`').nth(1).unwrap();
        let (method, path) = request.split_once(' ').unwrap();
        let path = path.replace("{workspace}", "acme");
        // Of the right method: neither there is nothing nor another was expected. A file is not set up.
        let answer = if path.ends_with("/watch") {
            crate::http::Watch::open(at, None);
            continue;
        } else {
            send(at, method, &path, &[], (method == "POST").then_some(""))
        };
        assert!(answer.status != 405 && (answer.status == 404) == (path == "/setup"), "{row}: {answer:?}");
    }
}

#[test]
fn what_is_beyond_a_bound_is_told_as_the_page_says() {
    let folder = acme();
    let served = Served::start(folder.path(), &["-w", "workspace.json", "--insecure-no-auth"]);
    let bounds = DoorBounds::default();
    let asked = |headers: &[(&str, &str)], body: &str| {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        send(&served.address, "POST", "/access/v1/evaluations", &all, Some(body)).status
    };
    let long = "x".repeat(bounds.head_bytes);
    assert_eq!(asked(&[("x", &long)], "{}"), 431);
    assert_eq!(asked(&vec![("x", "y"); bounds.headers], "{}"), 431);
    let items = |count: usize| format!(r#"{{"evaluations":[{}]}}"#, vec!["{}"; count].join(","));
    assert_eq!((asked(&[], &items(bounds.items)), asked(&[], &items(bounds.items + 1))), (200, 400));
    assert_eq!(asked(&[], &" ".repeat(bounds.body_bytes + 1)), 413);
}
