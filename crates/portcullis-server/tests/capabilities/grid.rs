//! What the grid says, by names and as bits, of whom, and to whom.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use portcullis_server::{Call, Scope};
use serde_json::{Value, json};

use crate::peer::{CAPABILITIES, Served};
use crate::world::*;

/// The grid of a member as the library has it.
fn grid(served: &Served, subject: &str) -> (Value, Value) {
    let snapshot = served.service.snapshot(&Call::local("test"), served.acme).unwrap();
    let by_type = |names: Vec<(&str, &str)>| {
        let mut grid: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (action, kind) in names {
            grid.entry(kind.to_owned()).or_default().push(action.to_owned());
        }
        grid.values_mut().for_each(|actions| actions.sort());
        json!(grid)
    };
    let granted = snapshot.what(subject).unwrap().collect();
    let open = snapshot.what_if(subject).unwrap().map(|(names, _)| names).collect();
    (by_type(granted), by_type(open))
}

/// The names behind bits, by the numbering that the server gives.
fn named(bits: &Value, numbering: &Value) -> Value {
    let bytes = BASE64.decode(bits.as_str().unwrap().as_bytes()).unwrap();
    let mut set: Vec<usize> = (0..bytes.len() * 8).filter(|n| bytes[n / 8] & (1 << (n % 8)) != 0).collect();
    let mut grid: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in numbering["types"].as_array().unwrap() {
        let first = usize::try_from(kind["first"].as_u64().unwrap()).unwrap();
        for (at, action) in kind["actions"].as_array().unwrap().iter().enumerate() {
            if set.contains(&(first + at)) {
                grid.entry(kind["type"].as_str().unwrap()).or_default().push(action.as_str().unwrap());
            }
            set.retain(|number| *number != first + at);
        }
    }
    assert!(set.is_empty(), "bits that the numbering does not know: {set:?}");
    grid.values_mut().for_each(|actions| actions.sort_unstable());
    json!(grid)
}

/// Members of every sort, with their keys.
fn members(served: &Served) -> Vec<(&'static str, String)> {
    let conditional = [
        r#"allow read,update sync {"labels.team": {"equals": "a"}}"#,
        "allow read *",
        r#"deny read model {"locked": {"equals": true}}"#,
        "deny read source",
    ];
    served.act(&served.ann, add_role("conditional", &conditional));
    served.act(&served.ann, add_role("nothing", &["deny * *"]));
    served.act(&served.ann, add_role("one", &["allow delete audience"]));
    let roles = ["admin", "editor", "viewer", "conditional", "nothing", "one"];
    let subjects = [
        "adm@x.example",
        "edi@x.example",
        "vie@x.example",
        "con@x.example",
        "not@x.example",
        "one@x.example",
    ];
    let mut members: Vec<_> =
        subjects.into_iter().zip(roles).map(|(who, role)| (who, served.joins_with_key(who, role))).collect();
    members.push((ANN, served.ann_key.clone()));
    members
}

#[test]
fn the_grid_is_the_librarys_by_names_and_as_bits() {
    let served = Served::new();
    for (subject, key) in members(&served) {
        let (granted, open) = grid(&served, subject);
        let names = served.capabilities(&key);
        assert_eq!(names["granted"], granted, "{subject}");
        assert_eq!(names["conditional"], open, "{subject}");
        assert_eq!(names["subject"], json!({ "type": "user", "id": subject }));
        assert_eq!(names["schema"], "hightouch");
        assert_eq!(served.get(&key, &format!("{CAPABILITIES}?form=names")).ok(), names);

        let bits = served.get(&key, &format!("{CAPABILITIES}?form=bits")).ok();
        let numbering = served.get(&key, &format!("{CAPABILITIES}/numbering")).ok();
        assert_eq!(bits["numbering"], numbering["numbering"]);
        assert_eq!((&bits["subject"], &bits["schema"]), (&names["subject"], &names["schema"]));
        assert_eq!(named(&bits["granted"], &numbering), granted, "{subject}");
        assert_eq!(named(&bits["conditional"], &numbering), open, "{subject}");
        let counted: usize = numbering["types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind["actions"].as_array().unwrap().len())
            .sum();
        assert_eq!(bits["permissions"], counted);
    }
    // That what was compared says something.
    let conditional = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=con%40x.example")).ok();
    assert_eq!(conditional["conditional"], json!({ "model": ["read"], "sync": ["update"] }));
    assert_eq!(conditional["granted"]["sync"], json!(["read"]));
    assert_eq!(conditional["granted"]["source"], Value::Null);
}

#[test]
fn the_grid_of_somebody_else_needs_read_on_membership() {
    let served = Served::new();
    let members = members(&served);
    for (subject, key) in &members {
        let path = format!("{CAPABILITIES}?subject={}", subject.replace('@', "%40"));
        assert_eq!(served.get(&served.ann_key, &path).ok(), served.capabilities(key), "{subject}");
        // One's own by name too, whatever one may read.
        assert_eq!(served.get(key, &path).ok(), served.capabilities(key), "{subject}");
    }
    let one = &members.iter().find(|(who, _)| *who == "one@x.example").unwrap().1;
    for other in [ANN, "nobody", ""] {
        let (status, why) = served.get(one, &format!("{CAPABILITIES}?subject={other}")).refused();
        assert_eq!(status, 403, "{other}");
        assert!(why.contains("`read` on") && why.contains("membership"), "{why}");
    }
    // Somebody unknown holds nothing, and has no type.
    let nobody = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=nobody")).ok();
    let expected =
        json!({ "subject": { "id": "nobody" }, "schema": "hightouch", "granted": {}, "conditional": {} });
    assert_eq!(nobody, expected);
    // A service is told as one.
    served.act(&served.ann, add_service("svc", "viewer"));
    let service = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=svc")).ok();
    assert_eq!(service["subject"], json!({ "type": "service", "id": "svc" }));
    // Somebody suspended holds nothing.
    served.act(&served.ann, suspend("vie@x.example"));
    let suspended = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=vie%40x.example")).ok();
    assert_eq!((&suspended["granted"], &suspended["conditional"]), (&json!({}), &json!({})));
}

#[test]
fn a_keys_policy_narrows_the_own_grid() {
    let served = Served::new();
    let con = served.joins("con@x.example", "editor");
    let conditional = [
        r#"allow update sync {"labels.team": {"equals": "a"}}"#,
        r#"allow create sync {"labels.team": {"equals": "a"}}"#,
        "allow read *",
    ];
    served.act(&served.ann, add_role("mixed", &conditional));
    served.act(&served.ann, set_role("con@x.example", "mixed"));
    let policy = document(&[
        "allow read sync,model",
        "allow update sync",
        "allow delete sync",
        r#"allow read source {"labels.team": {"equals": "a"}}"#,
    ]);
    let (_, narrow) = served.key(&con, &[Scope::Decide], Some(&policy), None);
    let own = served.capabilities(&narrow);
    // No more than the policy allows, and no more than the member has; what the policy allows under conditions does not count.
    assert_eq!(own["granted"], json!({ "model": ["read"], "sync": ["read"] }));
    assert_eq!(own["conditional"], json!({ "sync": ["update"] }));
    // Who asks about the member sees the member's, not the key's.
    let whole = served.get(&served.ann_key, &format!("{CAPABILITIES}?subject=con%40x.example")).ok();
    assert_eq!(whole["conditional"], json!({ "sync": ["create", "update"] }));
    assert_eq!(whole["granted"]["source"], json!(["read"]));
    // The same row under another key is another one, and has another tag.
    let (_, wide) = served.key(&con, &[Scope::Decide], None, None);
    assert_eq!(served.capabilities(&wide), whole);
    assert_ne!(served.tag(&wide), served.tag(&narrow));
    assert_eq!(served.watch(&narrow).revision().1, served.tag(&narrow));
}

#[test]
fn what_is_asked_wrongly_is_refused_in_words() {
    let served = Served::new();
    let key = &served.ann_key;
    for (query, said) in [
        ("form=bytes", "expected `names` or `bits` as `form`"),
        ("subjekt=x", "there is no parameter `subjekt`: expected `subject` or `form`"),
        ("subject=%ff", "`subject` is no UTF-8 text"),
    ] {
        let refused = served.get(key, &format!("{CAPABILITIES}?{query}")).refused();
        assert_eq!(refused, (400, said.to_owned()), "{query}");
    }
    for path in [CAPABILITIES, "/access/v1/capabilities/numbering", "/access/v1/watch"] {
        assert_eq!(served.get("portcullis_key_x", path).status, 401, "{path}");
        let named = format!("/workspaces/acme{path}");
        let other = format!("/workspaces/beta{path}");
        assert_eq!(served.get(key, &other).status, 404, "{other}");
        if path != "/access/v1/watch" {
            assert_eq!(served.get(key, &named).ok(), served.get(key, path).ok());
        }
        let (_, no_decisions) = served.key(&served.ann, &[Scope::Directory], None, None);
        assert_eq!(served.get(&no_decisions, path).status, 403, "{path}");
    }
}
