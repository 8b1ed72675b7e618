//! Commits, revisions, nodes: rules 10 to 12.

use std::sync::{Arc, Barrier};

use portcullis_server::{Call, Change, Refusal, Service};
use portcullis_store::memory::Fault;

use crate::world::*;

#[test]
fn rule_10_nothing_decided_before_the_lock_is_trusted() {
    for _ in 0..20 {
        let world = World::new();
        let two = world.joins("two@acme.example", "admin");
        let (one_node, other_node) = (&world.service, world.another_node());
        let barrier = Arc::new(Barrier::new(2));
        // Two nodes, each demoting one of the last two administrators.
        let demote = |service: &Service, call: &Call, whom: &str| {
            barrier.wait();
            service
                .change(call, world.acme, &Change::from(set_role(whom, "viewer")))
                .map_err(|refused| refused.refusal.code())
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| demote(one_node, &two, ANN).map(drop));
            let second = scope.spawn(|| demote(&other_node, &world.ann, "two@acme.example").map(drop));
            (first.join().unwrap(), second.join().unwrap())
        });
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let code = first.err().or(second.err()).unwrap();
        assert!(matches!(code, "last-administrator" | "forbidden"), "{code}");
    }
}

#[test]
fn rule_10_a_credential_is_read_anew_under_the_lock() {
    let world = World::new();
    let two = world.joins("two@acme.example", "admin");
    let other = world.another_node();
    world.act(&world.ann, suspend("two@acme.example"));
    // The other node has not heard of it.
    let refused = other.change(&two, world.acme, &add_group("g").into()).unwrap_err();
    assert_eq!(refused.refusal.code(), "unauthenticated");
    let taken = other.change(&world.ann, world.acme, &add_group("g").into()).unwrap();
    assert!(taken.revision.ends_with(&format!(".{}", world.number() + 1)));
    // And this one sees what that one did.
    assert_eq!(world.refused(&world.ann, add_group("G")), "conflict");
}

#[test]
fn rule_11_revisions_have_no_gaps() {
    let world = World::new();
    assert_eq!(world.number(), 1);
    for expected in 2..6 {
        world.act(&world.ann, add_group(&format!("g{expected}")));
        // What is refused, or changes nothing, has no revision.
        world.refused(&world.ann, add_group("g2"));
        world.act(&world.ann, set_role(ANN, "admin"));
        world.look(&world.ann, add_group("never"));
        assert_eq!(world.number(), expected);
        let snapshot = world.service.snapshot(&world.ann, world.acme).unwrap();
        assert_eq!(snapshot.revision().number(), expected);
    }
    let trail = world.service.audit(&world.ann, world.acme, 0).unwrap();
    let revisions: Vec<u64> = trail.iter().map(|entry| entry.revision).collect();
    assert!(revisions.is_sorted() && trail.iter().map(|entry| entry.number).eq(1..=trail.len() as u64));
    // A batch is one revision.
    let batch: Vec<_> = (0..50).map(|number| add_member(&format!("m{number}"), "viewer")).collect();
    world.service.change(&world.ann, world.acme, &batch.into()).unwrap();
    assert_eq!(world.number(), 6);
}

#[test]
fn rule_11_a_change_that_the_store_refuses_is_in_force_nowhere() {
    let world = World::new();
    for fault in [Fault::Beginning, Fault::Committing] {
        let before = world.number();
        world.memory.fail(fault);
        let refused = world.try_to(&world.ann, add_member("x@acme.example", "editor")).unwrap_err();
        assert_eq!(refused.refusal.code(), "store", "{refused}");
        assert!(!world.may("x@acme.example", "read", "sync"));
        assert_eq!(world.number(), before);
        world.memory.reopen();
    }
    // Reported as failed, and there all the same: seen when the store is opened again.
    world.memory.fail(Fault::CommittedUnseen);
    assert_eq!(world.refused(&world.ann, add_member("y@acme.example", "editor")), "store");
    assert!(!world.may("y@acme.example", "read", "sync"));
    assert_eq!(world.refused(&world.ann, add_group("closed")), "store");
    world.memory.reopen();
    world.act(&world.ann, add_group("g"));
    assert!(world.may("y@acme.example", "read", "sync"));
    world.act(&world.ann, add_member("x@acme.example", "editor"));
}

#[test]
fn rule_12_a_token_is_of_one_epoch_of_one_workspace() {
    let world = World::new();
    let token = world.service.revision(&world.ann, world.acme).unwrap();
    assert_eq!(world.service.read_token(&world.ann, world.acme, &token).unwrap(), 1);
    let operator = world.service.authenticate_operator(&world.operator).unwrap();
    let other = world.service.create_workspace(&operator, "other", "hightouch", ANN).unwrap();
    let theirs = Call::of_key(world.service.authenticate(&other.key.reveal()).unwrap());
    let code = |token: &str| world.service.read_token(&theirs, other.workspace, token).unwrap_err().code();
    assert_eq!(code(&token), "unknown-revision");
    for bad in [
        "",
        "1",
        ".1",
        "1.1",
        "zzzzzzzzzzzzzzzz.1",
        "0123456789abcdef.",
        "0123456789abcdef.x",
        "0123456789abcdef.-1",
        "0123456789abcdef.99999999999999999999",
    ] {
        assert_eq!(code(bad), "malformed-token", "{bad}");
    }
    assert!(matches!(
        world.service.read_token(&theirs, other.workspace, &token),
        Err(Refusal::UnknownRevision(_))
    ));
}
