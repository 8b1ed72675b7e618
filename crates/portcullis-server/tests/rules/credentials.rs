//! Who acts: rules 1 to 4.

use portcullis::Question;
use portcullis_server::{Call, Operation, Refusal, Scope, Service, Which};

use crate::world::*;

#[test]
fn rule_01_an_actor_holds_what_its_credential_holds() {
    let world = World::new();
    let reads = document(&["allow read *"]);
    let (narrow, shown) = world.key(&world.ann, &Scope::ALL, Some(&reads), None);
    // The member may, the key may not: the weaker of two verdicts counts.
    let caller = world.service.authenticate(&shown).unwrap();
    let ask =
        |action: &'static str| world.service.decide_as(&caller, &Question::new("", action, "sync")).unwrap();
    assert!(ask("read").is_allowed());
    assert!(!ask("update").is_allowed() && ask("update").decision.is_allowed() && ask("update").narrowed);
    assert_eq!(world.refused(&narrow, add_member("bob", "viewer")), "forbidden");
    assert!(world.service.members(&narrow, world.acme, None).is_ok());
    // A policy that grants more than the member has widens nothing.
    let bob = world.joins("bob@acme.example", "viewer");
    let (wide, shown) = world.key(&bob, &Scope::ALL, Some(&document(&["allow * *"])), None);
    assert_eq!(world.refused(&wide, add_member("eve", "viewer")), "forbidden");
    let caller = world.service.authenticate(&shown).unwrap();
    assert!(!world.service.decide_as(&caller, &Question::new("", "update", "sync")).unwrap().is_allowed());
    // What a policy allows under conditions is not enough, and what it denies under some is denied.
    let policy = document(&[
        r#"allow read sync {"labels.team": {"equals": "a"}}"#,
        "allow read model",
        r#"deny read model {"id": {"equals": "1"}}"#,
    ]);
    let (_, shown) = world.key(&world.ann, &[Scope::Decide], Some(&policy), None);
    let caller = world.service.authenticate(&shown).unwrap();
    for kind in ["sync", "model"] {
        assert!(
            !world.service.decide_as(&caller, &Question::new("", "read", kind)).unwrap().is_allowed(),
            "{kind}"
        );
    }
}

#[test]
fn rule_01_scopes_narrow_what_a_key_is_for() {
    let world = World::new();
    world.act(&world.ann, add_rule("few", serde_json::json!({ "at-most": 9, "role": "admin" })));
    let needs = |scope: Scope| match scope {
        Scope::Decide => None,
        Scope::Objects => Some(put_object("sync", "1", serde_json::json!({}))),
        Scope::Directory => Some(add_group("g")),
        Scope::Keys => Some(add_key(None, "k", &[Scope::Decide], None, None)),
    };
    for scope in Scope::ALL {
        let without: Vec<Scope> = Scope::ALL.into_iter().filter(|one| *one != scope).collect();
        let (call, shown) = world.key(&world.ann, &without, None, None);
        match needs(scope) {
            Some(operation) => assert_eq!(world.refused(&call, operation), "out-of-scope", "{scope}"),
            None => {
                let caller = world.service.authenticate(&shown).unwrap();
                let asked = world.service.decide_as(&caller, &Question::new("", "read", "sync"));
                assert!(matches!(asked, Err(Refusal::OutOfScope(Scope::Decide))));
            }
        }
    }
    // Without a word, a key is for decisions.
    let (call, _) = world.key(&world.ann, &[], None, None);
    assert_eq!(world.refused(&call, add_group("g")), "out-of-scope");
}

#[test]
fn rule_01_a_key_made_through_a_key_carries_its_narrowing() {
    let world = World::new();
    let reads = document(&["allow read *", "allow update workspace_membership"]);
    let soon = world.hand_now() + DAY;
    let some = [Scope::Decide, Scope::Keys, Scope::Directory];
    let (parent, parent_shown) = world.key(&world.ann, &some, Some(&reads), Some(soon));
    assert_eq!(
        world.refused(&parent, add_key(None, "k", &[Scope::Objects], None, Some(soon))),
        "out-of-scope"
    );
    for later in [None, Some(soon + 1)] {
        assert_eq!(world.refused(&parent, add_key(None, "k", &[Scope::Keys], None, later)), "not-allowed");
    }
    let (child, shown) = world.key(&parent, &some, Some(&document(&["allow * *"])), Some(soon));
    assert_eq!(world.refused(&child, add_group("g")), "forbidden");
    let caller = world.service.authenticate(&shown).unwrap();
    assert!(!world.service.decide_as(&caller, &Question::new("", "update", "sync")).unwrap().is_allowed());
    // It is revoked with its parent.
    let (grandchild, last) = world.key(&child, &some, None, Some(soon));
    let parents_id = parent_shown.split('_').nth(2).unwrap().to_owned();
    world.act(&world.ann, revoke(parents_id));
    for shown in [&parent_shown, &shown, &last] {
        assert!(matches!(world.service.authenticate(shown), Err(Refusal::Unauthenticated)));
    }
    assert_eq!(world.refused(&grandchild, add_group("g")), "unauthenticated");
}

#[test]
fn rule_01_an_expired_key_opens_nothing() {
    let world = World::new();
    let (call, shown) = world.key(&world.ann, &Scope::ALL, None, Some(world.hand_now() + DAY));
    world.act(&call, add_group("while it lasts"));
    world.hand.pass(DAY);
    assert!(matches!(world.service.authenticate(&shown), Err(Refusal::Unauthenticated)));
    assert_eq!(world.refused(&call, add_group("later")), "unauthenticated");
    assert_eq!(world.refused(&world.ann, add_key(None, "k", &[], None, Some(world.hand_now()))), "invalid");
}

/// Two workspaces of one store: everything that can be asked of one with the ids of the other is as if it were not there.
#[test]
fn rule_02_a_key_belongs_to_one_membership() {
    let world = World::new();
    let operator = world.service.authenticate_operator(&world.operator).unwrap();
    let other = world.service.create_workspace(&operator, "other", "hightouch", ANN).unwrap();
    let theirs = Call::of_key(world.service.authenticate(&other.key.reveal()).unwrap());
    world.act(&world.ann, add_group("ours"));
    world.act(&world.ann, add_role("ours", &["allow read sync"]));
    world.act(&world.ann, add_rule("ours", serde_json::json!({ "at-most": 9, "role": "admin" })));
    world.invited(&world.ann, "guest@acme.example", Some("viewer"));
    let (acme, ann) = (world.acme, &world.ann);
    let nowhere = portcullis_server::Id::from_bytes([9; 16]);
    // The same answer as for a workspace that does not exist.
    let told =
        |id| world.service.members(&theirs, id, None).unwrap_err().to_string().replace(&id.to_string(), "ID");
    assert_eq!(told(acme), told(nowhere));
    assert_eq!(
        world.service.change(&theirs, acme, &add_group("g").into()).unwrap_err().refusal.code(),
        "no-workspace"
    );
    assert_eq!(
        world.service.preview(&theirs, acme, &add_group("g").into()).unwrap_err().refusal.code(),
        "no-workspace"
    );
    assert_eq!(world.service.snapshot(&theirs, acme).unwrap_err().code(), "no-workspace");
    assert_eq!(world.service.revision(&theirs, acme).unwrap_err().code(), "no-workspace");
    assert_eq!(world.service.audit(&theirs, acme, 0).unwrap_err().code(), "no-workspace");

    // Every id of ours, put to theirs.
    let service = &world.service;
    let ids = [
        service.member(ann, acme, &Which::from(ANN)).unwrap().id,
        service.group(ann, acme, &Which::from("ours")).unwrap().id,
        service.role(ann, acme, &Which::from("ours")).unwrap().id,
        service.rule(ann, acme, &Which::from("ours")).unwrap().id,
        service.invitation(ann, acme, &Which::from("guest@acme.example")).unwrap().id,
        service.keys(ann, acme, None).unwrap()[0].id,
    ];
    for id in ids {
        let which = Which::id(id);
        for found in [
            service.member(&theirs, other.workspace, &which).err(),
            service.group(&theirs, other.workspace, &which).err(),
            service.role(&theirs, other.workspace, &which).err(),
            service.rule(&theirs, other.workspace, &which).err(),
            service.invitation(&theirs, other.workspace, &which).err(),
            service.key(&theirs, other.workspace, &which).err(),
            service.versions(&theirs, other.workspace, &which).err(),
        ] {
            assert_eq!(found.map(|refusal| refusal.code()), Some("not-found"));
        }
        for operation in every_operation_on(&which) {
            let name = operation.name();
            let refused = service.change(&theirs, other.workspace, &operation.into()).unwrap_err();
            assert_eq!(refused.refusal.code(), "not-found", "{name}");
        }
    }
    // Equal names are unrelated people: what is done to one is not done to the other.
    let told = |service: &Service, call: &Call, id| service.member(call, id, &Which::from(ANN)).unwrap();
    assert_ne!(told(service, ann, acme).id, told(service, &theirs, other.workspace).id);
}

fn every_operation_on(which: &Which) -> Vec<Operation> {
    let which = || which.clone();
    vec![
        Operation::SetMemberRole { member: which(), role: "viewer".into(), version: None },
        Operation::SetMemberRole { member: ANN.into(), role: which(), version: None },
        Operation::SetMemberProperties { member: which(), properties: None, version: None },
        Operation::SuspendMember { member: which() },
        Operation::ReactivateMember { member: which() },
        Operation::RemoveMember { member: which(), version: None },
        Operation::RenameGroup { group: which(), name: "x".to_owned(), version: None },
        Operation::RemoveGroup { group: which(), version: None },
        Operation::AddToGroup { group: which(), member: ANN.into() },
        Operation::RemoveFromGroup { group: which(), member: ANN.into() },
        Operation::GiveGroupRole { group: which(), role: "viewer".into() },
        Operation::TakeGroupRole { group: which(), role: "viewer".into() },
        Operation::SaveRole { role: which(), document: document(&[]), note: String::new(), version: None },
        Operation::RollBackRole { role: which(), number: 1, note: String::new(), version: None },
        Operation::RemoveRole { role: which(), replacement: None, version: None },
        Operation::SetDefaultRole { role: which() },
        Operation::Invite { email: "x@example.com".to_owned(), role: Some(which()) },
        Operation::CancelInvitation { invitation: which() },
        Operation::ResendInvitation { invitation: which() },
        Operation::AddKey {
            member: Some(which()),
            name: "k".to_owned(),
            scopes: Vec::new(),
            policy: None,
            expires: None,
        },
        Operation::RevokeKey { key: which() },
        Operation::SetRule { rule: which(), text: "{}".to_owned(), version: None },
        Operation::RemoveRule { rule: which(), version: None },
        Operation::AddMember { subject: "x".to_owned(), role: Some(which()), kind: None, properties: None },
    ]
}

#[test]
fn rule_03_an_operator_makes_and_lists_workspaces_and_has_no_rights_inside() {
    let world = World::new();
    let operator = world.service.authenticate_operator(&world.operator).unwrap();
    world.service.create_workspace(&operator, "beta", "hightouch", "bob@beta.example").unwrap();
    let names: Vec<String> = world.service.workspaces(&operator).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["acme", "beta"]);
    let taken = world.service.create_workspace(&operator, "acme", "hightouch", "eve").unwrap_err();
    assert_eq!(taken.code(), "conflict", "{taken}");
    // Its key is no key of a member, and the other way round.
    assert!(matches!(world.service.authenticate(&world.operator), Err(Refusal::Unauthenticated)));
    assert!(matches!(world.service.authenticate_operator(&world.ann_key), Err(Refusal::Unauthenticated)));
    // And it is still the operator's on another node.
    assert!(world.another_node().authenticate_operator(&world.operator).is_ok());
}

#[test]
fn rule_04_the_schema_says_what_administers() {
    let schema = r#"{ "schema": "docs", "resources": {
        "doc": { "actions": ["read", "update", "create", "delete"] },
        "settings": { "actions": ["read", "update", "create", "delete"] },
        "people": { "actions": ["read", "update", "create", "delete"] } },
        "administration": { "workspace": "settings", "membership": "people" } }"#;
    let world = World::of_schema(schema);
    world.act(&world.ann, add_role("hr", &["allow * people", "allow * doc"]));
    let hr = world.joins("hr@acme.example", "hr");
    world.act(&hr, add_member("new@acme.example", "hr"));
    assert_eq!(world.refused(&hr, add_group("g")), "forbidden");
    assert!(world.may(ANN, "update", "settings") && !world.may("hr@acme.example", "update", "settings"));
    // The built-in roles: an editor edits all but what administers, a viewer reads.
    world.act(&world.ann, add_member("ed@acme.example", "editor"));
    assert!(world.may("ed@acme.example", "update", "doc") && !world.may("ed@acme.example", "read", "people"));
    world.act(
        &world.ann,
        Operation::AddMember { subject: "vi".to_owned(), role: None, kind: None, properties: None },
    );
    assert!(world.may("vi", "read", "doc") && !world.may("vi", "update", "doc"));
}

#[test]
fn rule_04_reserved_types_administer_where_the_schema_names_none() {
    let schema = r#"{ "schema": "docs", "resources": { "doc": { "actions": ["read", "update"] }, "workspace": { "actions": ["read", "update"] } } }"#;
    let world = World::of_schema(schema);
    assert!(
        world.may(ANN, "update", "portcullis.workspace") && world.may(ANN, "delete", "portcullis.membership")
    );
    // No wildcard and no pattern reaches them, but for the role that administers.
    world.act(&world.ann, add_role("all", &["allow * *", "allow * port*,*shi*,doc"]));
    world.act(&world.ann, add_role("hr", &["allow create,read portcullis.membership", "allow * *"]));
    let (all, hr) = (world.joins("all@x.example", "all"), world.joins("hr@x.example", "hr"));
    assert!(world.may("all@x.example", "update", "workspace"));
    for action in ["read", "update", "create", "delete"] {
        for kind in portcullis::RESERVED_ADMINISTRATION {
            assert!(!world.may("all@x.example", action, kind), "{action} {kind}");
        }
    }
    assert_eq!(world.refused(&all, add_group("g")), "forbidden");
    world.act(&hr, add_member("new@x.example", "hr"));
    assert_eq!(world.refused(&hr, add_member("boss@x.example", "admin")), "excess");
    // A type of such a name is refused, and one that merely looks so is told of.
    let taken = schema.replace("\"doc\"", "\"portcullis.workspace\"");
    let operator = world.service.authenticate_operator(&world.operator).unwrap();
    assert_eq!(world.service.create_workspace(&operator, "b", &taken, ANN).unwrap_err().code(), "invalid");
    let (_, report) = portcullis::Schema::read(&portcullis::Source::new("schema.json", schema)).unwrap();
    assert!(
        report.to_string().contains("the type `workspace` does not administer the workspace"),
        "{report}"
    );
    // It goes to a file and back like others, and means the same there.
    let exported = world.service.export(&world.ann, world.acme).unwrap().replace("\"acme\"", "\"copy\"");
    let source = portcullis::Source::new("copy.json", exported);
    let (file, _) = portcullis::Workspace::read(&source, &portcullis::NoFiles).unwrap();
    let (snapshot, _) = file.compile().unwrap();
    assert!(snapshot.check("hr@x.example", "create", "portcullis.membership").is_allowed());
    assert!(!snapshot.check("all@x.example", "create", "portcullis.membership").is_allowed());
    let copy = world.service.import("root", &source, &portcullis::NoFiles, ANN).unwrap();
    let boss = Call::of_key(world.service.authenticate(&copy.key.reveal()).unwrap());
    let snapshot = world.service.snapshot(&boss, copy.workspace).unwrap();
    assert!(snapshot.check(ANN, "update", "portcullis.workspace").is_allowed());
    assert!(snapshot.check("hr@x.example", "create", "portcullis.membership").is_allowed());
}
