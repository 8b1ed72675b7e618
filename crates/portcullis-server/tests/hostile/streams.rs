//! HTTP/2: streams that are opened and dropped, heads without end, frames that are none.

use crate::Target;
use crate::wire::EVALUATION;
use crate::wire::frames::*;

/// Whether a connection is ended, or one stream of it refused: what there is to say, and no answer.
fn is_refused(two: &mut Two) -> bool {
    two.next_of(&[GO_AWAY, RESET, DATA]).is_none_or(|told| told.kind != DATA)
}

#[test]
fn streams_that_are_reset_as_they_are_opened_end_the_connection() {
    let target = Target::new();
    let mut two = Two::to(target.served.address);
    let head = post(EVALUATION, &target.world.ann_key);
    let mut ended = false;
    for batch in 0..200_u32 {
        let mut bytes = Vec::new();
        for at in 0..100 {
            let stream = 2 * (batch * 100 + at) + 1;
            bytes.extend(frame(HEADERS, ENDS_HEADERS, stream, &head));
            bytes.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
        }
        if std::io::Write::write_all(&mut two.0, &bytes).is_err() {
            ended = true;
            break;
        }
    }
    target.answers_others();
    assert!(ended || two.next_of(&[GO_AWAY]).is_some() || two.next().is_none());
    target.answers_others();
}

#[test]
fn no_more_streams_are_open_than_the_bound() {
    let target = Target::new();
    let mut two = Two::to(target.served.address);
    let head = post(EVALUATION, &target.world.ann_key);
    // Each waits for its body; those over the bound are refused at once, the others when their time is over.
    for stream in 0..400_u32 {
        two.send(&frame(HEADERS, ENDS_HEADERS, 2 * stream + 1, &head));
    }
    let (mut refused, mut late) = (0, 0);
    while refused + late < 400 {
        let told = two.next_of(&[HEADERS, RESET, GO_AWAY]).expect("the others are answered");
        match told.kind {
            // A stream that is answered before it has ended is reset besides, and is no other.
            RESET if told.payload == 7_u32.to_be_bytes() => refused += 1,
            RESET => {}
            HEADERS => late += 1,
            _ => panic!("{told:?}"),
        }
    }
    assert_eq!((refused, late), (400 - 256, 256));
    target.answers_others();
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let target = Target::new();
    let long = "y".repeat(100);
    for pieces in [3, 40, 1_000] {
        let mut two = Two::to(target.served.address);
        two.send(&frame(HEADERS, 0, 1, &post(EVALUATION, &target.world.ann_key)));
        let more: Vec<u8> = (0..100).flat_map(|at| headers(&[(&*format!("x-{at}"), &*long)])).collect();
        let sent = (0..pieces)
            .all(|_| std::io::Write::write_all(&mut two.0, &frame(CONTINUATION, 0, 1, &more)).is_ok());
        if sent {
            let _ = std::io::Write::write_all(&mut two.0, &frame(CONTINUATION, ENDS_HEADERS, 1, &[]));
        }
        let told = two.next_of(&[HEADERS, RESET, GO_AWAY]);
        // A status of 431 is in no table: it is written out.
        let is_431 =
            |told: &Frame| told.kind == HEADERS && told.payload.windows(3).any(|three| three == b"431");
        assert!(
            told.as_ref().is_none_or(|told| told.kind != HEADERS || is_431(told) || told.payload[0] != 0x88)
        );
        target.answers_others();
    }
}

#[test]
fn frames_that_are_none_end_the_connection() {
    let target = Target::new();
    let key = &target.world.ann_key;
    for bad in [
        frame(DATA, 0, 1, b"{}"),
        frame(DATA, 0, 0, b"{}"),
        frame(HEADERS, ENDS_HEADERS, 2, &post(EVALUATION, key)),
        frame(HEADERS, ENDS_HEADERS, 1, &[0xff; 40]),
        frame(HEADERS, ENDS_HEADERS | ENDS_STREAM, 1, &headers(&[("no-method", "x")])),
        frame(SETTINGS, 0, 0, &[1]),
        frame(SETTINGS, 0, 1, &[]),
        frame(WINDOW, 0, 0, &0_u32.to_be_bytes()),
        frame(PING, 0, 0, &[1]),
        frame(CONTINUATION, 0, 1, &[]),
        vec![0xff; 9],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut two = Two::to(target.served.address);
        two.send(&bad);
        assert!(is_refused(&mut two), "{bad:?}");
    }
    target.answers_others();
}

#[test]
fn a_body_that_is_longer_or_shorter_than_it_says_is_refused() {
    let target = Target::new();
    for length in ["1", "900"] {
        let mut two = Two::to(target.served.address);
        let mut head = post(EVALUATION, &target.world.ann_key);
        head.extend(headers(&[("content-length", length)]));
        two.send(&frame(HEADERS, ENDS_HEADERS, 1, &head));
        two.send(&frame(
            DATA,
            ENDS_STREAM,
            1,
            crate::wire::question("ann@acme.example", "read", "sync").to_string().as_bytes(),
        ));
        let told = two.next_of(&[HEADERS, RESET, GO_AWAY]);
        assert!(told.is_none_or(|told| told.kind != HEADERS || told.payload[0] != 0x88), "{length}");
    }
    target.answers_others();
}
