//! Watches: what they tell, and that they end with what they were opened by.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use portcullis_server::Scope;

use crate::peer::{Served, WATCH, send};
use crate::world::*;

#[test]
fn each_revision_is_told_with_the_tag_of_the_own_row() {
    let served = Served::new();
    let key = served.joins_with_key("one@x.example", "viewer");
    let mut watch = served.watch(&key);
    let current = || served.service.revision(&served.ann, served.acme).unwrap();
    let first = watch.revision();
    assert_eq!(first, (current(), served.tag(&key)));
    // What does not concern the member is a revision with the same tag.
    for edit in [add_role("other", &["allow * *"]), add_group("g"), add_member("two@x.example", "other")] {
        served.act(&served.ann, edit);
        assert_eq!(watch.revision(), (current(), first.1.clone()));
    }
    served.act(&served.ann, set_role("one@x.example", "editor"));
    let changed = watch.revision();
    assert_eq!(changed, (current(), served.tag(&key)));
    assert_ne!(changed.1, first.1);
    served.act(&served.ann, set_role("one@x.example", "viewer"));
    assert_eq!(watch.revision(), (current(), first.1));
}

#[test]
fn of_many_edits_the_last_is_told() {
    let served = Served::new();
    let key = served.joins_with_key("one@x.example", "viewer");
    let mut watch = served.watch(&key);
    // More than is kept for one who does not read so fast.
    for n in 0..50 {
        served.act(&served.ann, add_group(&n.to_string()));
    }
    let begun = Instant::now();
    let last = served.service.revision(&served.ann, served.acme).unwrap();
    let mut told = 1;
    while watch.revision().0 != last {
        told += 1;
    }
    assert!(told <= 51, "{told}");
    // And at once, not with the next beat.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn an_edit_made_while_a_watch_begins_is_told() {
    let served = Served::new();
    let key = served.joins_with_key("one@x.example", "viewer");
    for n in 0..100 {
        let mut watch = served.watch(&key);
        served.act(&served.ann, add_group(&n.to_string()));
        let last = served.service.revision(&served.ann, served.acme).unwrap();
        let begun = Instant::now();
        while watch.revision().0 != last {}
        assert!(begun.elapsed() < Duration::from_secs(5), "{n}: {:?}", begun.elapsed());
    }
}

#[test]
fn it_ends_when_what_opened_it_opens_nothing_any_more() {
    let served = Served::new();
    let over = (401, "the credential is not valid".to_owned());
    let opened = |subject: &str| {
        let call = served.joins(subject, "viewer");
        let (_, key) = served.key(&call, &[Scope::Decide], None, None);
        let mut watch = served.watch(&key);
        watch.revision();
        (key, watch)
    };

    let (key, watch) = opened("revoked@x.example");
    let (_, untouched) = opened("untouched@x.example");
    served.act(&served.ann, revoke(key.split('_').nth(2).unwrap()));
    assert_eq!(watch.ends(), over);
    assert_eq!(served.get(&key, WATCH).status, 401);

    let (key, watch) = opened("suspended@x.example");
    served.act(&served.ann, suspend("suspended@x.example"));
    assert_eq!(watch.ends(), over);
    assert_eq!(served.get(&key, WATCH).status, 401);
    served.act(&served.ann, reactivate("suspended@x.example"));
    assert_eq!(served.watch(&key).revision().1, served.tag(&key));

    let (_, watch) = opened("removed@x.example");
    served.act(&served.ann, remove_member("removed@x.example"));
    assert_eq!(watch.ends(), over);

    // The neighbour's has gone on all the while.
    let mut untouched = untouched;
    let last = served.service.revision(&served.ann, served.acme).unwrap();
    while untouched.revision().0 != last {}
}

#[test]
fn it_ends_when_its_key_expires() {
    let served = Served::new();
    let call = served.joins("one@x.example", "viewer");
    let (_, key) = served.key(&call, &[Scope::Decide], None, Some(served.hand_now() + 700));
    let mut watch = served.watch(&key);
    watch.revision();
    // The clock that decides is the hand's; the server looks at it again when the time should have come.
    served.hand.pass(700);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(watch.ends().0, 401);
    assert_eq!(served.get(&key, WATCH).status, 401);
}

#[test]
fn a_server_that_stops_says_that_it_is_the_server() {
    let mut served = Served::new();
    let key = served.joins_with_key("one@x.example", "viewer");
    let mut watch = served.watch(&key);
    watch.revision();
    served.stop();
    assert_eq!(watch.ends(), (503, "the server stops".to_owned()));
}

#[test]
fn nobody_who_has_only_just_come_keeps_a_server_from_stopping() {
    for n in 0..40 {
        let mut served = Served::new();
        let silent = TcpStream::connect(served.address()).unwrap();
        // On its way, whether or not the server has read it by then.
        let asked = send(served.address(), &served.ann_key, WATCH, &[]);
        let begun = Instant::now();
        served.stop();
        assert!(begun.elapsed() < Duration::from_secs(2), "{n}: {:?}", begun.elapsed());
        drop((silent, asked));
    }
}
