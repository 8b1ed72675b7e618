//! Invitations and setup: rules 16 and 17.

use std::sync::Arc;

use portcullis_server::{Call, Operation, Outside, Refusal, Service, Whence};

use portcullis_store::{Entry, Id, MemoryStore, Outcome, Store};

use crate::world::*;

/// What an audit entry tells: what was done, what came of it, and from where.
fn told(entry: &Entry) -> (&str, Outcome, Whence) {
    let whence = Whence { address: entry.address.clone(), request: entry.request.clone() };
    (&entry.operation, entry.outcome, whence)
}

fn is_shut<T: std::fmt::Debug>(result: Result<T, Refusal>) -> bool {
    matches!(result, Err(Refusal::Unauthenticated))
}

#[test]
fn rule_16_an_invitation_is_accepted_once_with_its_token_alone() {
    let world = World::new();
    let token = world.invited(&world.ann, "guest@acme.example", Some("editor"));
    assert!(!world.may("guest@acme.example", "read", "sync"));
    assert!(is_shut(world.service.accept(&world.ann_key, &Whence::default())));
    let whence = Whence { address: Some("192.0.2.7".to_owned()), request: Some("r-7".to_owned()) };
    let accepted = world.service.accept(&token, &whence).unwrap();
    assert_eq!((accepted.subject.as_str(), accepted.workspace), ("guest@acme.example", world.acme));
    assert!(world.may("guest@acme.example", "update", "sync"));
    assert_eq!(world.service.authenticate(&accepted.key.reveal()).unwrap().member(), accepted.member);
    assert!(is_shut(world.service.accept(&token, &Whence::default())));
    let trail = world.service.audit(&world.ann, world.acme, 0).unwrap();
    let told: Vec<_> = trail.iter().rev().take(2).map(|one| told(&one.entry)).collect();
    assert_eq!(
        told,
        [
            ("invitation.accept", Outcome::Refused, Whence::default()),
            ("invitation.accept", Outcome::Done, whence)
        ]
    );
}

#[test]
fn rule_16_it_gives_the_role_as_it_is_at_acceptance() {
    let world = World::new();
    let by_default = world.invited(&world.ann, "d@acme.example", None);
    let named = world.invited(&world.ann, "e@acme.example", Some("editor"));
    world.act(&world.ann, add_role("starter", &["allow start sync"]));
    world.act(&world.ann, default_role("starter"));
    world.act(&world.ann, save_role("editor", &["allow read model"]));
    world.service.accept(&by_default, &Whence::default()).unwrap();
    world.service.accept(&named, &Whence::default()).unwrap();
    assert!(world.may("d@acme.example", "start", "sync") && !world.may("d@acme.example", "read", "sync"));
    assert!(world.may("e@acme.example", "read", "model") && !world.may("e@acme.example", "update", "sync"));
}

#[test]
fn rule_16_it_lapses_with_its_inviter() {
    for lapse in ["suspended", "removed", "reduced"] {
        let world = World::new();
        let two = world.joins("two@acme.example", "admin");
        let token = world.invited(&two, "guest@acme.example", Some("editor"));
        world.act(
            &world.ann,
            match lapse {
                "suspended" => suspend("two@acme.example"),
                "removed" => remove_member("two@acme.example"),
                _ => set_role("two@acme.example", "viewer"),
            },
        );
        assert!(is_shut(world.service.accept(&token, &Whence::default())), "{lapse}");
        assert!(!world.may("guest@acme.example", "read", "sync"));
        if lapse == "removed" {
            let told = world.service.invitation(&world.ann, world.acme, &"guest@acme.example".into());
            assert_eq!(told.unwrap_err().code(), "not-found");
        }
    }
}

#[test]
fn rule_16_it_expires_and_can_be_cancelled_and_sent_again() {
    let world = World::new();
    let first = world.invited(&world.ann, "guest@acme.example", None);
    world.hand.pass(30 * DAY - 1);
    let resend = Operation::ResendInvitation { invitation: "guest@acme.example".into() };
    let second = world.act(&world.ann, resend.clone()).made[0].secret.as_ref().unwrap().reveal();
    // The old one is dead, the new one has 30 days of its own.
    assert!(is_shut(world.service.accept(&first, &Whence::default())));
    world.hand.pass(30 * DAY - 1);
    let state = || world.service.invitations(&world.ann, world.acme).unwrap()[0].state;
    assert_eq!(state(), "pending");
    world.hand.pass(1);
    assert_eq!(state(), "expired");
    assert!(is_shut(world.service.accept(&second, &Whence::default())));
    // One that expired can be sent again, and one that was cancelled not.
    let third = world.act(&world.ann, resend.clone()).made[0].secret.as_ref().unwrap().reveal();
    world.act(&world.ann, Operation::CancelInvitation { invitation: "guest@acme.example".into() });
    assert_eq!(state(), "cancelled");
    assert!(is_shut(world.service.accept(&third, &Whence::default())));
    assert_eq!(world.refused(&world.ann, resend), "not-found");
    // The days are a setting.
    world.act(&world.ann, Operation::SetInvitationDays { days: 2 });
    let token = world.invited(&world.ann, "guest@acme.example", None);
    world.hand.pass(2 * DAY);
    assert!(is_shut(world.service.accept(&token, &Whence::default())));
    // What expired makes room for a new one.
    let token = world.invited(&world.ann, "guest@acme.example", None);
    assert!(world.service.accept(&token, &Whence::default()).is_ok());
}

#[test]
fn rule_16_members_are_not_invited_and_nobody_twice() {
    let world = World::new();
    for email in [ANN, "Ann@Acme.Example"] {
        assert_eq!(world.refused(&world.ann, invite(email, None)), "conflict");
    }
    let token = world.invited(&world.ann, "guest@acme.example", Some("viewer"));
    let before = world.number();
    let again = world.act(&world.ann, invite("Guest@acme.example", Some("editor")));
    assert!(again.made[0].unchanged && again.made[0].secret.is_none());
    assert_eq!(world.number(), before);
    // Somebody was added by hand meanwhile.
    world.act(&world.ann, add_member("guest@acme.example", "viewer"));
    assert_eq!(world.service.accept(&token, &Whence::default()).unwrap_err().code(), "conflict");
    for bad in ["", "guest", "@acme.example", "a b@c", "a@b@c", "a\u{202e}@b"] {
        assert_eq!(world.refused(&world.ann, invite(bad, None)), "invalid", "{bad}");
    }
    assert_eq!(world.refused(&Call::local("root"), invite("x@acme.example", None)), "not-allowed");
}

#[test]
fn rule_17_setup_exists_once() {
    let world = World::new();
    assert!(world.service.offer_setup().unwrap().is_none());
    let again = world.service.init("root", "second", "hightouch", ANN).unwrap_err();
    assert_eq!(again.code(), "conflict");
    let code = "0123456789abcdefghjkmnpqrs";
    assert!(is_shut(world.service.claim_setup(code, "second", ANN, &Whence::default())));
}

/// A service upon a store that is new, and the store.
fn not_set_up(hand: &Arc<Hand>) -> (Service, Arc<dyn Store>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    (Service::open(Arc::clone(&store), Arc::clone(hand) as Arc<dyn Outside>).unwrap(), store)
}

#[test]
fn rule_17_the_trail_says_from_where_it_was_set_up_and_tried() {
    let (service, store) = not_set_up(&Hand::new());
    let code = service.offer_setup().unwrap().unwrap().reveal();
    let from =
        |request: &str| Whence { address: Some("192.0.2.7".to_owned()), request: Some(request.to_owned()) };
    assert!(is_shut(service.claim_setup("wrong", "acme", ANN, &from("r-1"))));
    assert_eq!(service.claim_setup(&code, "\u{202e}", ANN, &from("r-2")).unwrap_err().code(), "invalid");
    let made = service.claim_setup(&code, "acme", ANN, &from("r-3")).unwrap();
    let trail = |of: Id| store.audit(of, 0, 10).unwrap();
    let (operator, workspace) = (trail(Id::NIL), trail(made.workspace));
    let all: Vec<_> = operator.iter().chain(&workspace).map(|one| told(&one.entry)).collect();
    assert_eq!(
        all,
        [
            ("setup.offer", Outcome::Done, Whence::default()),
            ("setup.claim", Outcome::Refused, from("r-1")),
            ("workspace.create", Outcome::Refused, from("r-2")),
            ("workspace.create", Outcome::Done, from("r-3")),
        ]
    );
}

#[test]
fn rule_17_the_code_is_good_for_an_hour_and_five_tries() {
    let hand = Hand::new();
    let (service, _) = not_set_up(&hand);
    let offer = || service.offer_setup().unwrap().unwrap().reveal();
    let claim = |code: &str| service.claim_setup(code, "acme", ANN, &Whence::default());
    let (first, second) = (offer(), offer());
    assert!(is_shut(claim(&first)), "a new code takes the place of the old one");
    hand.pass(DAY / 24);
    assert!(is_shut(claim(&second)));
    let third = offer();
    for _ in 0..5 {
        assert!(is_shut(claim(&first)));
    }
    assert!(is_shut(claim(&third)), "five tries were made");
    let fourth = offer();
    for _ in 0..4 {
        assert!(is_shut(claim("wrong")));
    }
    let setup = claim(&fourth).unwrap();
    assert!(setup.operator.is_some() && service.authenticate(&setup.key.reveal()).is_ok());
    assert!(is_shut(claim(&fourth)));
    assert!(service.offer_setup().unwrap().is_none());
}
