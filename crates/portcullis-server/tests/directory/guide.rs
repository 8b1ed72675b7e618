//! The steps of the guide by which a catalogue's system account comes to Hightouch: a role from JSON, a group, an invitation, the group's role, a key.

use portcullis::Question;
use portcullis_server::{Operation, Scope, Whence};

use crate::world::*;

/// What the guide's role grants, and nothing else.
const EXPECTED: [(&str, &str); 6] = [
    ("read", "destination"),
    ("read", "model"),
    ("read", "source"),
    ("read", "sync"),
    // The document says `sync_templates`, which is an alias.
    ("read", "sync_template"),
    ("read", "workspace"),
];

fn atlan_role() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/acme/roles/atlan_role.json");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_catalogue_is_given_what_its_guide_says_and_nothing_else() {
    let world = World::new();
    // The role, from the JSON of the guide.
    let role =
        Operation::AddRole { name: "atlan_role".into(), document: atlan_role(), note: "for Atlan".into() };
    let done = world.act(&world.ann, role);
    assert!(done.made[0].warnings.as_ref().is_some_and(|report| !report.has_errors()));
    // The group, the system account by invitation.
    world.act(&world.ann, add_group("atlan_group"));
    let token = world.invited(&world.ann, "svc-atlan@acme.example", Some("viewer"));
    let accepted = world.service.accept(&token, &Whence::default()).unwrap();
    world.act(&world.ann, add_role("nothing", &[]));
    world.act(&world.ann, set_role("svc-atlan@acme.example", "nothing"));
    // Its place in the group, and the role's for the group, from the role's side.
    world.act(&world.ann, join_group("atlan_group", "svc-atlan@acme.example"));
    world.act(&world.ann, give("atlan_group", "atlan_role"));
    let role = world.service.role(&world.ann, world.acme, &"atlan_role".into()).unwrap();
    assert_eq!(role.groups, ["atlan_group"]);
    // The key that it works with.
    let svc = portcullis_server::Call::of_key(world.service.authenticate(&accepted.key.reveal()).unwrap());
    let (_, shown) = world.key(&svc, &[Scope::Decide], None, None);
    let caller = world.service.authenticate(&shown).unwrap();
    let snapshot = world.service.snapshot(&world.ann, world.acme).unwrap();
    let mut held: Vec<(String, String)> = Vec::new();
    for kind in snapshot.schema().types() {
        for action in snapshot.schema().actions_of(kind) {
            let asked = world.service.decide_as(&caller, &Question::new("", action, kind.name())).unwrap();
            if asked.is_allowed() {
                held.push((action.to_owned(), kind.name().to_owned()));
            }
        }
    }
    held.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
    let held: Vec<(&str, &str)> =
        held.iter().map(|(action, kind)| (action.as_str(), kind.as_str())).collect();
    assert_eq!(held, EXPECTED);
}
