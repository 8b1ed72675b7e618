//! Bodies: truncated, slow, large, deep, and no text.

use std::time::Instant;

use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::ANN;
use crate::{LATE, SHORT, Target};

const PATHS: [&str; 5] = [EVALUATION, EVALUATIONS, SUBJECTS, RESOURCES, ACTIONS];

#[test]
fn a_body_that_breaks_off_is_no_request() {
    let target = Target::new();
    for path in PATHS {
        let whole = Asked::post(path, question(ANN, "read", "sync")).key(&target.world.ann_key).written();
        for cut in [1, 10, 60] {
            let mut client = target.served.client();
            client.send(&whole[..whole.len() - cut]);
            client.end();
            let told = client.next();
            assert!(told.is_none_or(|told| told.status == 400), "{path}");
            assert!(client.is_hung_up());
        }
    }
    target.answers_others();
}

#[test]
fn a_body_that_does_not_come_in_time_is_408() {
    let target = Target::new();
    let whole = target.good().written();
    let mut waiting: Vec<_> = (0..40)
        .map(|_| {
            let mut client = target.served.client();
            client.send(&whole[..whole.len() - 9]);
            client
        })
        .collect();
    let begun = Instant::now();
    target.answers_others();
    for client in &mut waiting {
        let told = client.next().unwrap();
        assert_eq!((told.status, told.header("connection")), (408, Some("close")));
        assert!(client.is_hung_up());
    }
    assert!(begun.elapsed() >= SHORT / 2 && begun.elapsed() < LATE, "{:?}", begun.elapsed());
}

#[test]
fn a_body_that_comes_byte_by_byte_gains_no_time() {
    let target = Target::new();
    let whole = target.good().written();
    let mut client = target.served.client();
    client.send(&whole[..whole.len() - 60]);
    let begun = Instant::now();
    for byte in &whole[whole.len() - 60..whole.len() - 1] {
        if client.try_send(&[*byte]).is_err() || begun.elapsed() > 2 * SHORT {
            break;
        }
        std::thread::sleep(SHORT / 20);
    }
    assert_eq!(client.next().unwrap().status, 408);
    assert!(begun.elapsed() < LATE);
}

#[test]
fn a_body_that_is_too_large_is_413_before_it_came() {
    let target = Target::new();
    for path in PATHS {
        let head = Asked::by("POST", path)
            .key(&target.world.ann_key)
            .header("content-type", "application/json")
            .header("content-length", &(10 << 20).to_string());
        let mut client = target.served.client();
        client.send(&head.written());
        let told = client.next().unwrap();
        assert_eq!((told.status, told.header("connection")), (413, Some("close")), "{path}");
        assert!(client.is_hung_up());
    }
    // And when it does come: the answer is not lost behind what is still sent, unless sending takes long.
    let told = (0..30).find_map(|_| {
        let mut client = target.served.client();
        let large = Asked::post(EVALUATION, "x".repeat(10 << 20)).key(&target.world.ann_key);
        let _ = client.try_send(&large.written());
        client.next()
    });
    assert_eq!(told.unwrap().status, 413);
    target.answers_others();
}

#[test]
fn a_body_of_chunks_that_is_too_large_is_413_and_one_without_end_is_cut_off() {
    let target = Target::new();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let send = |count: usize| {
        let mut client = target.served.client();
        client.send(&target.head().header("transfer-encoding", "chunked").written());
        let sent = (0..count).take_while(|_| client.try_send(chunk.as_bytes()).is_ok()).count();
        (sent, client.next())
    };
    // What comes after the answer is thrown away for a moment, so that the answer is read.
    assert_eq!(send(160).1.unwrap().status, 413);
    let (sent, told) = send(8_000);
    assert!(sent < 8_000, "half a gigabyte was taken");
    assert!(told.is_none_or(|told| told.status == 413));
    target.answers_others();
}

#[test]
fn a_stranger_sends_no_body_at_all() {
    let target = Target::new();
    for length in ["9", "10000000", "99999999999"] {
        let mut client = target.served.client();
        client.send(&Asked::by("POST", EVALUATION).header("content-length", length).written());
        assert_eq!(client.next().unwrap().status, 401);
        assert!(client.is_hung_up(), "what follows would be taken for a request");
    }
}

#[test]
fn nesting_without_end_is_400_and_soon() {
    let target = Target::new();
    for opening in ["[", "{\"a\":", "{\"subject\":", "{\"evaluations\":[", "{\"context\":{\"a\":["] {
        let text = opening.repeat((1 << 20) / opening.len());
        for path in PATHS {
            let begun = Instant::now();
            let told = target.served.ask(&Asked::post(path, &text).key(&target.world.ann_key));
            assert_eq!(told.status, 400, "{path} {opening}");
            assert!(told.body.len() < 400 && begun.elapsed() < LATE);
        }
    }
}

#[test]
fn what_is_no_text_is_400() {
    let target = Target::new();
    let good = question(ANN, "read", "sync").to_string();
    let at = good.find("read").unwrap();
    for bad in [
        &b"\xff"[..],
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\x00",
        b"\n",
        b"\x1f",
        b"\\ud800",
        b"\\x",
    ] {
        let mut body = good.clone().into_bytes();
        body.splice(at..at + 1, bad.iter().copied());
        for path in [EVALUATION, EVALUATIONS, SUBJECTS, RESOURCES] {
            let asked = Asked::bytes(path, body.clone()).header("content-type", "application/json");
            assert_eq!(target.served.ask(&asked.key(&target.world.ann_key)).status, 400, "{path} {bad:?}");
        }
    }
    // Where nobody looks it is judged all the same.
    for ignored in [&b"\"\xff\""[..], b"nul", b"01", b"1e", b"\"\\u12\""] {
        let mut body = b"{\"more\":".to_vec();
        body.extend_from_slice(ignored);
        body.push(b',');
        body.extend_from_slice(&good.as_bytes()[1..]);
        let asked = Asked::bytes(EVALUATION, body).header("content-type", "application/json");
        assert_eq!(target.served.ask(&asked.key(&target.world.ann_key)).status, 400, "{ignored:?}");
    }
}

#[test]
fn numbers_without_end_cost_no_more_than_their_text() {
    let target = Target::new();
    let role = [r#"allow read sync {"n": {"lessthan": 5}}"#];
    target.world.act(&target.world.ann, crate::world::add_role("numbers", &role));
    let tim = target.world.joins_with_key("tim@acme.example", "numbers");
    let good = question("tim@acme.example", "read", "sync").to_string();
    for number in [
        "1e999999999999".to_owned(),
        "-1e-999999999999".to_owned(),
        "9".repeat(1 << 20),
        format!("0.{}1", "0".repeat(1 << 20)),
        format!("{}e-{}", "9".repeat(1 << 19), "9".repeat(1 << 19)),
    ] {
        let properties = format!("\"id\":\"1\",\"properties\":{{\"n\":{number}}}");
        let begun = Instant::now();
        let told = target
            .served
            .ask(&Asked::post(EVALUATION, good.replacen("\"id\":\"1\"", &properties, 1)).key(&tim));
        assert!(matches!(told.status, 200 | 400), "{}", told.text());
        assert!(begun.elapsed() < LATE, "{:?}", begun.elapsed());
    }
}

#[test]
fn who_does_not_take_its_answers_is_cut_off() {
    let target = Target::new();
    let asked = target.good().written().repeat(200);
    let mut client = target.served.client();
    let begun = Instant::now();
    // The server takes no more when it cannot give, and so nothing more can be sent.
    while client.try_send(&asked).is_ok() {
        assert!(begun.elapsed() < LATE, "it takes without giving");
    }
    target.answers_others();
}
