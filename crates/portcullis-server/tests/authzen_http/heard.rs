//! A server remembers for a moment whom it has heard. Nobody is the wiser for it: what has changed is heard at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use portcullis::matrix::Layout;
use portcullis_server::{Admission, DoorBounds, FileKey, FileKeys, Scope, ServedFile, Source, System};
use portcullis_testkit::agreement::compiled;
use serde_json::json;

use crate::wire::client::{Asked, Client};
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House};

/// The number of the revision that was answered under.
fn number(token: Option<&str>) -> u64 {
    token.unwrap().split_once('.').unwrap().1.parse().unwrap()
}

#[test]
fn a_connection_hears_each_change_as_soon_as_it_is_acknowledged() {
    let house = House::new();
    let asked = Asked::post(EVALUATION, question(BOB, "update", "sync")).key(&house.bob);
    let mut clients: Vec<Client> = (0..4).map(|_| house.served.client()).collect();
    for round in 0..50 {
        let may = round % 2 == 0;
        let statement = if may { "allow read,update sync" } else { "allow read sync" };
        house.world.act(&house.world.ann, save_role("few", &[statement]));
        let now = house.world.number();
        for client in &mut clients {
            let told = client.ask(&asked);
            assert_eq!((told.decision(), number(told.header("portcullis-revision"))), (may, now), "{round}");
        }
    }
    house.world.act(&house.world.ann, suspend(BOB));
    assert!(clients.iter_mut().all(|client| client.ask(&asked).status == 401));
    house.world.act(&house.world.ann, reactivate(BOB));
    assert!(clients.iter_mut().all(|client| client.ask(&asked).status == 200));
    house.world.act(&house.world.ann, remove_member(BOB));
    assert!(clients.iter_mut().all(|client| client.ask(&asked).status == 401));
}

#[test]
fn a_key_that_expires_between_two_requests_opens_nothing() {
    let house = House::new();
    let (_, key) = house.world.key(&house.world.ann, &Scope::ALL, None, Some(house.world.hand_now() + 1000));
    let asked = Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&key);
    let mut client = house.served.client();
    assert_eq!(client.ask(&asked).status, 200);
    house.world.hand.pass(999);
    assert_eq!(client.ask(&asked).status, 200);
    house.world.hand.pass(1);
    assert_eq!(client.ask(&asked).status, 401);
}

/// The worst moment is between looking a key up and being heard: whoever is heard then must not be remembered.
#[test]
fn a_key_opens_nothing_from_the_moment_its_end_is_acknowledged() {
    let house = House::new();
    // So many are told to wait otherwise.
    let bounds = DoorBounds { failures: 1_000_000, ..DoorBounds::default() };
    let served = Served::within(&house.world, bounds);
    for _ in 0..40 {
        let (call, key) = house.world.key(&house.world.ann, &Scope::ALL, None, None);
        drop(call);
        let ended = AtomicBool::new(false);
        let asked = Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&key);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut client = served.client();
                    loop {
                        let is_over = ended.load(Ordering::SeqCst);
                        let status = client.ask(&asked).status;
                        if is_over {
                            assert_eq!(status, 401);
                            return;
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(2));
            house.world.act(&house.world.ann, revoke(key.split('_').nth(2).unwrap().to_owned()));
            ended.store(true, Ordering::SeqCst);
        });
    }
}

#[test]
fn a_body_that_is_slow_is_not_answered_under_a_key_that_has_left_the_file() {
    let workspace = json!({
        "workspace": "w", "schema": "hightouch", "roles": {}, "members": { "ann": { "role": "admin" } },
    });
    let (secret, key) = FileKey::draw("one", &System).unwrap();
    let keys = || {
        let mut keys = FileKeys::default();
        keys.add(key.clone()).unwrap();
        keys
    };
    let snapshot = compiled(&workspace, Layout::Auto).unwrap();
    let file = Arc::new(ServedFile::new(snapshot, Admission::Keys(keys()), Arc::new(System)).unwrap());
    let served = Served::from(Source::File(Arc::clone(&file)), DoorBounds::default());
    let bytes = Asked::post(EVALUATION, question("ann", "read", "sync")).key(&secret.reveal()).written();
    let (first, last) = bytes.split_at(bytes.len() - 5);
    for (next, status) in [(keys(), 200), (FileKeys::default(), 401)] {
        let mut client = served.client();
        client.send(first);
        thread::sleep(Duration::from_millis(100));
        file.replace_keys(next);
        client.send(last);
        assert_eq!(client.next().unwrap().status, status);
    }
}
