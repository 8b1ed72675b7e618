//! `Portcullis-At-Least` and `Portcullis-Wait`: no answer from an older revision than the one that is named (rules 12 and 13 of the gate).

use std::thread;
use std::time::{Duration, Instant};

use crate::wire::client::{Answer, Asked};
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House};

/// Asks whether Bob may update, by Bob's key, from no older revision than this.
fn at_least(house: &House, token: &str, wait: Option<&str>) -> Answer {
    let asked = Asked::post(EVALUATION, question(BOB, "update", "sync")).key(&house.bob);
    let asked = asked.header("Portcullis-At-Least", token);
    house.ask(&match wait {
        Some(wait) => asked.header("Portcullis-Wait", wait),
        None => asked,
    })
}

fn token(house: &House, after: u64) -> String {
    let token = house.world.service.revision(&house.world.ann, house.world.acme).unwrap();
    let (epoch, number) = token.split_once('.').unwrap();
    format!("{epoch}.{}", number.parse::<u64>().unwrap() + after)
}

fn grant(house: &House) {
    house.world.act(&house.world.ann, save_role("few", &["allow read,update sync"]));
}

#[test]
fn a_revision_that_is_in_force_is_answered_at_once() {
    let house = House::new();
    let before = token(&house, 0);
    grant(&house);
    for token in [before, token(&house, 0)] {
        assert!(at_least(&house, &token, None).decision());
        assert!(at_least(&house, &token, Some("0")).decision());
    }
}

#[test]
fn a_request_waits_for_the_revision_that_it_names() {
    let house = House::new();
    let next = token(&house, 1);
    let told = thread::scope(|scope| {
        let waiting = scope.spawn(|| at_least(&house, &next, Some("2000")));
        // Others are answered meanwhile.
        for _ in 0..20 {
            assert!(house.post(EVALUATION, question(BOB, "read", "sync")).decision());
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!waiting.is_finished());
        grant(&house);
        waiting.join().unwrap()
    });
    assert!(told.decision());
    assert_eq!(told.header("portcullis-revision"), Some(&*next));
}

#[test]
fn a_revision_that_does_not_come_is_409() {
    let house = House::new();
    for (wait, least) in [(None, 200), (Some("0"), 0), (Some("300"), 300)] {
        let begun = Instant::now();
        let told = at_least(&house, &token(&house, 1), wait);
        assert_eq!((told.status, told.header("retry-after")), (409, Some("1")), "{}", told.text());
        let took = begun.elapsed();
        assert!(
            took >= Duration::from_millis(least) && took < Duration::from_millis(least + 5_000),
            "{took:?}"
        );
    }
}

#[test]
fn a_token_of_another_epoch_is_409_and_a_malformed_one_400() {
    let house = House::new();
    let told = at_least(&house, "0123456789abcdef.1", None);
    assert_eq!((told.status, told.message().starts_with("unknown-revision")), (409, true), "{}", told.text());
    let good = token(&house, 0);
    let (epoch, number) = good.split_once('.').unwrap();
    for bad in [
        "",
        "1",
        ".",
        "latest",
        epoch,
        &format!("{epoch}."),
        &format!("{epoch}.-1"),
        &format!("{epoch}.+1"),
        &format!("{epoch}.x"),
        &format!("{epoch}.99999999999999999999999"),
        &format!("{}.{number}", &epoch[1..]),
        &format!("+{}.{number}", &epoch[1..]),
        &format!("{good}.1"),
        "\u{e9}",
    ] {
        assert_eq!(at_least(&house, bad, None).status, 400, "{bad}");
    }
    let asked = Asked::post(EVALUATION, question(BOB, "update", "sync")).key(&house.bob);
    let twice = asked.header("portcullis-at-least", &good).header("portcullis-at-least", &token(&house, 1));
    assert_eq!(house.ask(&twice).status, 400);
}

#[test]
fn a_wait_over_the_bound_is_400() {
    let house = House::new();
    for bad in ["2001", "99999999999999999999", "-1", "", "x", "1.5"] {
        for after in [0, 1] {
            assert_eq!(at_least(&house, &token(&house, after), Some(bad)).status, 400, "{bad}");
        }
    }
}

#[test]
fn a_credential_that_is_revoked_meanwhile_opens_nothing() {
    for ends in ["revoked", "suspended", "removed"] {
        let house = House::new();
        let told = thread::scope(|scope| {
            let next = token(&house, 1);
            let house = &house;
            let waiting = scope.spawn(move || at_least(house, &next, Some("2000")));
            thread::sleep(Duration::from_millis(100));
            let operation = match ends {
                "revoked" => revoke(house.bob.split('_').nth(2).unwrap().to_owned()),
                "suspended" => suspend(BOB),
                _ => remove_member(BOB),
            };
            house.world.act(&house.world.ann, operation);
            waiting.join().unwrap()
        });
        assert_eq!(told.status, 401, "{ends}: {}", told.text());
    }
}

/// What is decided is decided by what is in force when the question is known, not when somebody began to put it.
#[test]
fn a_body_that_is_slow_is_answered_under_the_newest_revision() {
    let house = House::new();
    let asked =
        |action: &str, key: &str| Asked::post(EVALUATION, question(BOB, action, "sync")).key(key).written();
    let halves = |bytes: &[u8]| (bytes[..bytes.len() - 5].to_vec(), bytes[bytes.len() - 5..].to_vec());
    let begin = |bytes: Vec<u8>| {
        let (first, last) = halves(&bytes);
        let mut client = house.served.client();
        client.send(&first);
        thread::sleep(Duration::from_millis(100));
        (client, last)
    };
    let (mut client, last) = begin(asked("update", &house.bob));
    grant(&house);
    client.send(&last);
    let told = client.next().unwrap();
    assert_eq!((told.decision(), told.header("portcullis-revision")), (true, Some(&*token(&house, 0))));
    let (mut client, last) = begin(asked("update", &house.bob));
    house.world.act(&house.world.ann, revoke(house.bob.split('_').nth(2).unwrap().to_owned()));
    client.send(&last);
    assert_eq!(client.next().unwrap().status, 401);
}
