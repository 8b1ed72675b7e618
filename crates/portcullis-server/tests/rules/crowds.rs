//! Rules 6 and 7 for whoever is concerned without being named: members of a group that gives another role, holders of a role that is saved. They are looked
//! at by kinds, those with one role of their own and in the same groups, and whoever a batch moves besides is looked at alone.

use portcullis_server::{Call, Change, Operation, Refusal};

use crate::world::*;

/// A clerk who administers and reads, and a team of two editors' assistants who hold little.
fn team() -> (World, Call) {
    let world = World::new();
    world.act(&world.ann, add_role("clerk", &["allow * workspace,workspace_membership", "allow read *"]));
    world.act(&world.ann, add_role("maker", &["allow create,read sync"]));
    world.act(&world.ann, add_role("reader of syncs", &["allow read sync"]));
    let clerk = world.joins("clerk@acme.example", "clerk");
    world.act(&world.ann, add_group("team"));
    for member in ["amy@acme.example", "bea@acme.example"] {
        world.act(&world.ann, add_member(member, "reader of syncs"));
        world.act(&world.ann, join_group("team", member));
    }
    (world, clerk)
}

fn batch(world: &World, call: &Call, operations: Vec<Operation>) -> Refusal {
    world.service.change(call, world.acme, &Change::from(operations)).unwrap_err().refusal
}

fn told(refusal: &Refusal) -> Vec<String> {
    match refusal {
        Refusal::Excess(told) | Refusal::ReachingUp(told) => {
            told.iter().map(|one| one.holder.clone()).collect()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn everybody_in_a_group_is_told_who_would_gain_or_lose_too_much() {
    let (world, clerk) = team();
    let refused = batch(&world, &clerk, vec![give("team", "maker")]);
    assert_eq!(refused.code(), "excess");
    let who = told(&refused);
    for one in ["amy@acme.example", "bea@acme.example", "the group team"] {
        assert!(who.iter().any(|who| who == one), "{one}: {who:?}");
    }
    world.act(&world.ann, give("team", "maker"));
    for operation in [take("team", "maker"), save_role("maker", &["allow read sync"])] {
        let refused = batch(&world, &clerk, vec![operation]);
        assert_eq!(refused.code(), "reaching-up");
        let mut who = told(&refused);
        who.sort();
        assert_eq!(who, ["amy@acme.example", "bea@acme.example"]);
    }
    // What the clerk holds too may go and come.
    world.act(&clerk, give("team", "reader of syncs"));
    world.act(&clerk, take("team", "reader of syncs"));
}

#[test]
fn what_a_group_gave_before_a_batch_counts_for_whoever_leaves_it_in_the_batch() {
    let (world, clerk) = team();
    world.act(&world.ann, give("team", "maker"));
    let leaves = |member: &str| Operation::RemoveFromGroup { group: "team".into(), member: member.into() };
    // Nobody is left in the group in the end, and both lose what the clerk does not hold.
    let all = vec![take("team", "maker"), leaves("amy@acme.example"), leaves("bea@acme.example")];
    let refused = batch(&world, &clerk, all);
    assert_eq!(refused.code(), "reaching-up");
    let mut who = told(&refused);
    who.sort();
    assert_eq!(who, ["amy@acme.example", "bea@acme.example"]);
    // One is moved, the other is concerned.
    let refused = batch(&world, &clerk, vec![take("team", "maker"), set_role("amy@acme.example", "clerk")]);
    let who = told(&refused);
    assert!(who.iter().any(|who| who == "bea@acme.example"), "{who:?}");
}

#[test]
fn whoever_joins_in_the_batch_in_which_a_group_comes_to_give_more_gains_it() {
    let (world, clerk) = team();
    world.act(&world.ann, add_group("makers"));
    world.act(&world.ann, add_member("cleo@acme.example", "viewer"));
    for operations in [
        vec![join_group("makers", "cleo@acme.example"), give("makers", "maker")],
        vec![give("makers", "maker"), join_group("makers", "cleo@acme.example")],
    ] {
        let refused = batch(&world, &clerk, operations);
        assert_eq!(refused.code(), "excess");
        let who = told(&refused);
        assert!(who.iter().any(|who| who == "cleo@acme.example"), "{who:?}");
    }
    // Given and taken again, it is nobody's.
    let both = Change::from(vec![give("team", "maker"), take("team", "maker")]);
    world.service.change(&clerk, world.acme, &both).unwrap();
    assert!(!world.may("amy@acme.example", "create", "sync"));
}
