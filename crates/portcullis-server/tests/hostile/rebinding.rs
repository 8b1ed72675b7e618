//! A server that asks nobody for a key: what a page of another site, or a proxy, could send to it is refused (rule 18 of the gate).

use std::sync::Arc;

use portcullis::matrix::Layout;
use portcullis_server::{Admission, DoorBounds, ServedFile, Source, System};
use portcullis_testkit::agreement::compiled;
use serde_json::json;

use crate::wire::client::Asked;
use crate::wire::*;

fn open() -> Served {
    let workspace = json!({
        "workspace": "acme", "schema": "hightouch", "roles": {}, "members": { "ann": { "role": "admin" } },
    });
    let snapshot = compiled(&workspace, Layout::Auto).unwrap();
    let file = ServedFile::new(snapshot, Admission::Anybody, Arc::new(System)).unwrap();
    Served::from(Source::File(Arc::new(file)), DoorBounds::default())
}

fn ask(served: &Served, headers: &[(&str, &str)]) -> u16 {
    let mut statuses = [
        Asked::post(EVALUATION, question("ann", "read", "sync")),
        Asked::post("/workspaces/acme/access/v1/evaluation", question("ann", "read", "sync")),
        Asked::post(ACTIONS, question("ann", "read", "sync")),
        Asked::get("/access/v1/capabilities?subject=ann"),
        Asked::get("/metrics"),
        Asked::get("/readyz"),
        Asked::get("/.well-known/authzen-configuration"),
    ]
    .map(|asked| headers.iter().fold(asked, |asked, (name, value)| asked.header(name, value)))
    .map(|asked| served.ask(&asked).status)
    .to_vec();
    statuses.dedup();
    assert_eq!(statuses.len(), 1, "{headers:?}: {statuses:?}");
    statuses[0]
}

#[test]
fn this_machine_is_answered_without_a_key() {
    let served = open();
    for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "LocalHost"] {
        assert_eq!(ask(&served, &[("host", host)]), 200, "{host}");
    }
    for origin in ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8080"] {
        assert_eq!(ask(&served, &[("origin", origin)]), 200, "{origin}");
    }
}

#[test]
fn a_foreign_host_is_403() {
    let served = open();
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "2130706433",
        "0x7f000001",
        "localhost:80:80",
        "localhost@evil.example",
        "evil.example#localhost",
        "",
    ] {
        assert_eq!(ask(&served, &[("host", host)]), 403, "{host}");
    }
    assert_eq!(ask(&served, &[("host", "localhost"), ("host", "evil.example")]), 403);
    let mut client = served.client();
    client.send(b"GET /readyz HTTP/1.1\r\n\r\n");
    assert_eq!(client.next().unwrap().status, 403, "no host at all");
}

#[test]
fn a_host_in_the_line_does_not_excuse_the_one_in_the_header() {
    let served = open();
    for (path, host) in
        [("http://localhost/readyz", "evil.example"), ("http://evil.example/readyz", "localhost")]
    {
        assert_eq!(served.ask(&Asked::get(path).header("host", host)).status, 403, "{path} {host}");
    }
}

#[test]
fn a_foreign_origin_is_403() {
    let served = open();
    for origin in [
        "http://evil.example",
        "https://localhost.evil.example",
        "null",
        "file://",
        "",
        "localhost",
        "http://10.0.0.1",
        "http://localhost@evil.example",
        "chrome-extension://abc",
    ] {
        assert_eq!(ask(&served, &[("origin", origin)]), 403, "{origin}");
    }
    assert_eq!(ask(&served, &[("origin", "http://localhost"), ("origin", "http://evil.example")]), 403);
}

#[test]
fn what_came_through_a_proxy_is_403() {
    let served = open();
    for name in
        ["x-forwarded-for", "X-Forwarded-Host", "x-forwarded-proto", "X-FORWARDED-ANYTHING", "forwarded"]
    {
        assert_eq!(ask(&served, &[(name, "127.0.0.1")]), 403, "{name}");
    }
}

#[test]
fn a_simple_request_of_a_page_changes_nothing_and_reads_nothing() {
    let served = open();
    // What a form can send needs no leave of a browser: a body that is not said to be JSON is no request.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let asked = Asked::bytes(EVALUATION, question("ann", "read", "sync").to_string())
            .header("content-type", kind);
        assert_eq!(served.ask(&asked).status, 400);
    }
    let told = served.ask(&Asked::by("OPTIONS", EVALUATION).header("access-control-request-method", "POST"));
    assert_eq!(told.status, 405);
    assert!(!told.headers.iter().any(|(name, _)| name.starts_with("access-control")));
    assert_eq!(served.ask(&Asked::post("/setup", "{}")).status, 404);
}
