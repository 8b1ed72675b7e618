//! The entity tag: the identity of the row, and of nothing else.

use std::sync::Arc;

use portcullis_server::Scope;
use serde_json::json;

use crate::peer::{CAPABILITIES, Served, get, serve};
use crate::world::*;

#[test]
fn it_is_the_rows_and_not_the_members() {
    let served = Served::new();
    let one = served.joins_with_key("one@x.example", "viewer");
    let two = served.joins_with_key("two@x.example", "viewer");
    let other = served.joins_with_key("other@x.example", "editor");
    let tag = served.tag(&one);
    assert_eq!((tag.len(), &tag[..1]), (34, "\""), "{tag}");
    assert_eq!(served.tag(&two), tag);
    assert_ne!(served.tag(&other), tag);
    // By another road to the same row: another role that says the same, and another key.
    served.act(&served.ann, set_role("other@x.example", "viewer"));
    assert_eq!(served.tag(&other), tag);
    let call = served.joins("key@x.example", "viewer");
    assert_eq!(served.tag(&served.key(&call, &[Scope::Decide], None, None).1), tag);
    // In either form, and for whoever asks about it.
    let bits = served.get(&one, &format!("{CAPABILITIES}?form=bits"));
    assert_eq!(bits.header("etag"), Some(&*tag));
    let asked = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=two%40x.example"));
    assert_eq!(asked.header("etag"), Some(&*tag));
    // The answers name their members all the same: no cache may give the one's to the other.
    assert_eq!(asked.header("vary"), Some("authorization"));
    assert_eq!(asked.header("cache-control"), Some("private, no-cache"));
    // Another node on the same store, and so a server that is started anew.
    let another = serve(&Arc::new(served.another_node()));
    assert_eq!(get(another.address(), &one, CAPABILITIES, &[]).header("etag"), Some(&*tag));
    another.stop(std::time::Duration::ZERO);
}

#[test]
fn it_changes_with_the_row_and_with_nothing_else() {
    let served = Served::new();
    served.act(&served.ann, add_role("mine", &["allow read sync"]));
    served.act(&served.ann, add_role("not mine", &["allow read model"]));
    let key = served.joins_with_key("one@x.example", "mine");
    let tag = served.tag(&key);
    let revision = served.number();
    served.act(&served.ann, save_role("not mine", &["allow * *"]));
    served.act(&served.ann, add_member("two@x.example", "not mine"));
    served.act(&served.ann, set_properties("one@x.example", json!({ "team": "a" })));
    served.act(&served.ann, put_object("sync", "1", json!({})));
    // The role is another, its grid is not.
    served.act(&served.ann, save_role("mine", &["allow read sync", "allow read sync"]));
    served.act(&served.ann, add_group("readers"));
    served.act(&served.ann, give("readers", "mine"));
    served.act(&served.ann, join_group("readers", "one@x.example"));
    assert!(served.number() >= revision + 7);
    assert_eq!(served.tag(&key), tag);

    let mut seen = vec![tag.clone()];
    let mut is_new = |what: &str| {
        let tag = served.tag(&key);
        assert!(!seen.contains(&tag), "{what}");
        seen.push(tag);
    };
    served.act(&served.ann, save_role("mine", &["allow read,update sync"]));
    is_new("a permission more");
    served.act(
        &served.ann,
        save_role("mine", &["allow read sync", r#"allow update sync {"x": {"equals": 1}}"#]),
    );
    is_new("the same permission under a condition");
    served.act(&served.ann, give("readers", "not mine"));
    is_new("a group's role");
    served.act(&served.ann, take("readers", "not mine"));
    served.act(&served.ann, save_role("mine", &["allow read sync"]));
    assert_eq!(served.tag(&key), tag, "what it was before");
}

#[test]
fn who_knows_it_is_told_that_nothing_changed() {
    let served = Served::new();
    let key = served.joins_with_key("one@x.example", "viewer");
    let tag = served.tag(&key);
    let ask = |known: &str| get(served.address(), &key, CAPABILITIES, &[("if-none-match", known)]);
    for known in [&*tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let reply = ask(known);
        assert_eq!((reply.status, &*reply.body), (304, ""), "{known}");
        assert_eq!(reply.header("etag"), Some(&*tag));
        assert!(reply.header("portcullis-revision").is_some());
    }
    for other in ["\"x\"", &tag.replace('"', ""), ""] {
        assert_eq!(ask(other).status, 200, "{other}");
    }
    served.act(&served.ann, set_role("one@x.example", "editor"));
    let reply = ask(&tag);
    assert_eq!(reply.status, 200);
    assert_ne!(reply.header("etag"), Some(&*tag));
    // A tag opens nothing.
    let refused = get(served.address(), "portcullis_key_x", CAPABILITIES, &[("if-none-match", "*")]);
    assert_eq!(refused.status, 401);
}
