//! A file that is served to everybody on the machine: to nobody whom a page of another site, or a proxy, sends.

use crate::http::{Answer, answer, request, send};
use crate::server::{Served, acme};

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const BODY: &str = r#"{"subject":{"type":"user","id":"ann@acme.example"},"action":{"name":"read"},"resource":{"type":"sync","id":"1"}}"#;

fn evaluated(at: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    send(at, "POST", "/access/v1/evaluation", &all, Some(BODY))
}

#[test]
fn whoever_is_on_the_machine_is_answered_and_the_log_says_so_loudly() {
    let folder = acme();
    let served = Served::start(folder.path(), &["-w", "workspace.json", "--insecure-no-auth"]);
    let at = &served.address;
    let port = at.split(':').next_back().unwrap();
    for host in
        ["localhost".to_owned(), format!("LocalHost:{port}"), format!("127.0.0.1:{port}"), "[::1]".to_owned()]
    {
        assert!(evaluated(at, &[("host", &host)]).decision(), "{host}");
    }
    assert!(evaluated(at, &[("origin", "http://localhost:3000")]).decision());
    // A key changes nothing where none is asked for.
    assert!(evaluated(at, &[("authorization", "Bearer x")]).decision());
    assert!(served.log.contains("WARN NO KEY IS ASKED FOR"), "{}", served.log);
}

#[test]
fn what_another_site_or_a_proxy_could_send_is_refused_everywhere() {
    let folder = acme();
    let served = Served::start(folder.path(), &["-w", "workspace.json", "--insecure-no-auth"]);
    let at = &served.address;
    let foreign: [&[(&str, &str)]; 13] = [
        &[("host", "rebound.example")],
        &[("host", "rebound.example:8080")],
        &[("host", "localhost.rebound.example")],
        &[("host", "127.0.0.1.rebound.example")],
        &[("host", "192.0.2.7")],
        &[("host", "")],
        &[("host", "localhost"), ("host", "localhost")],
        &[("origin", "https://rebound.example")],
        &[("origin", "http://localhost"), ("origin", "https://rebound.example")],
        &[("origin", "null")],
        &[("x-forwarded-for", "192.0.2.7")],
        &[("X-Forwarded-Host", "localhost")],
        &[("forwarded", "for=192.0.2.7")],
    ];
    for headers in foreign {
        let refused = evaluated(at, headers);
        assert_eq!(refused.status, 403, "{headers:?}: {refused:?}");
        assert!(refused.json().is_string() && !refused.body.contains("decision"), "{refused:?}");
    }
    for path in [
        "/livez",
        "/readyz",
        "/metrics",
        "/.well-known/authzen-configuration",
        "/access/v1/watch",
        "/setup",
        "/none",
    ] {
        assert_eq!(send(at, "GET", path, &[("host", "rebound.example")], None).status, 403, "{path}");
    }
    // Said in the first line, or not at all as old clients do.
    let raw = |text: String| {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut read = String::new();
        stream.read_to_string(&mut read).unwrap();
        answer(&read).status
    };
    let absolute = request(at, "GET", "http://rebound.example/livez", &[("host", "localhost")], None);
    assert_eq!(raw(absolute), 403);
    assert_eq!(raw("GET /livez HTTP/1.0\r\n\r\n".to_owned()), 403);
    assert_eq!(raw(request(at, "GET", "http://localhost/livez", &[], None)), 200);
}
