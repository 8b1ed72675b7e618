//! Secrets are shown once: no later output, no file of the data folder, no backup and no export has them.

use std::fs;

use crate::desk::{ADMIN, Desk, holds};

/// What of a secret nobody may see again: all behind its id.
fn tail(secret: &str) -> &str {
    secret.rsplit_once('_').unwrap().1
}

#[test]
fn no_secret_is_anywhere_after_it_was_shown() {
    let desk = Desk::new();
    let mut secrets = vec![desk.key.clone(), desk.operator.clone()];
    desk.run(&["member", "add", "svc", "--type", "service"]).done();
    let add = ["key", "add", "--member", "svc", "--name", "ci", "--format", "json"];
    secrets.push(desk.run(&add).done().secret());
    let invite = ["invite", "send", "carol@acme.example", "--format", "json"];
    secrets.push(desk.run(&invite).done().secret());
    let token = desk.run(&["invite", "resend", "carol@acme.example", "--format", "json"]).done().secret();
    secrets.push(token.clone());
    let dead = desk.command(None, &["invite", "accept"], &secrets[3]);
    assert_eq!(dead.status, 2, "the former token is dead: {dead:?}");
    desk.save("token", &token);
    let accepted =
        desk.without_key(&["invite", "accept", "--token-file", "token", "--format", "json"]).done();
    secrets.push(accepted.secret());
    // Somebody is invited twice, and a secret is refused: neither shows one.
    desk.run(&["invite", "send", "dave@acme.example"]).done();
    let twice = desk.run(&["invite", "send", "dave@acme.example"]).done();
    assert!(twice.out.contains("is invited already") && !twice.out.contains("portcullis_"), "{twice:?}");
    let shown: Vec<&str> = secrets.iter().map(|secret| tail(secret)).collect();
    assert!(shown.iter().all(|tail| tail.len() > 50), "{shown:?}");

    desk.without_key(&["backup", "acme.backup"]).done();
    let mut texts = desk.bytes();
    texts.push(("the backup".into(), fs::read(desk.path("acme.backup")).unwrap()));
    for command in [
        &["workspace", "show"][..],
        &["workspace", "list"],
        &["workspace", "export"],
        &["member", "list"],
        &["member", "show", ADMIN],
        &["invite", "list"],
        &["invite", "show", "dave@acme.example"],
        &["key", "list"],
        &["key", "show", "ci"],
        &["audit", "list"],
        &["audit", "verify"],
        &["role", "list"],
    ] {
        for format in ["human", "json"] {
            let ran = desk.run(&[command, &["--format", format]].concat()).done();
            texts.push((command.join(" ").into(), format!("{}{}", ran.out, ran.err).into_bytes()));
        }
    }
    let ran = desk.without_key(&["audit", "list", "--operator", "--format", "json"]).done();
    texts.push(("the operator's trail".into(), ran.out.into_bytes()));
    for (place, bytes) in &texts {
        for tail in &shown {
            assert!(!holds(bytes, tail.as_bytes()), "{} holds {tail}", place.display());
        }
    }
    // What is looked for would be found: the id of a key is there, and is none of it.
    let id = secrets[2].split('_').nth(2).unwrap();
    assert!(texts.iter().any(|(place, bytes)| place.ends_with("key list") && holds(bytes, id.as_bytes())));
}

#[test]
fn a_key_comes_from_the_environment_or_a_file_and_is_no_argument() {
    let desk = Desk::new();
    desk.save("ann.key", &format!("{}\n", desk.key));
    desk.without_key(&["group", "add", "ops", "--key-file", "ann.key"]).done();
    // A file that is named comes before the environment.
    let both = desk.with(&desk.operator, &["group", "list", "--key-file", "ann.key"]).done();
    assert!(both.out.contains("ops"), "{both:?}");
    let argument = desk.without_key(&["group", "list", "--key", &desk.key]);
    assert_eq!(argument.status, 2, "there is no such flag");
    desk.save("ann.key", "");
    let empty = desk.without_key(&["group", "list", "--key-file", "ann.key"]);
    assert!(empty.status == 2 && empty.err.contains("expected a secret in `ann.key`"), "{empty:?}");
    // An empty variable is none.
    desk.with("", &["group", "list"]).done();
}

#[test]
fn a_secret_that_is_typed_goes_no_further() {
    let desk = Desk::new();
    let flag = format!("--key={}", desk.operator);
    for (arguments, what) in [
        (&["key", "revoke", &*desk.key][..], "an argument is the key of a member"),
        (&["group", "list", &flag], "an argument is the operator's key"),
    ] {
        let ran = desk.run(arguments);
        assert!(ran.status == 2 && ran.err.contains(what), "{ran:?}");
        let shown = format!("{}{}", ran.out, ran.err);
        assert!([&desk.key, &desk.operator].iter().all(|secret| !shown.contains(tail(secret))), "{shown}");
    }
    for (file, bytes) in desk.bytes() {
        assert!(!holds(&bytes, tail(&desk.key).as_bytes()), "{}", file.display());
    }
    assert_eq!(desk.json(&["audit", "list"]).as_array().unwrap().len(), 1, "nothing was even opened");
}

#[test]
fn a_revoked_key_opens_nothing_and_says_no_more() {
    let desk = Desk::new();
    desk.run(&["member", "add", "svc", "--type", "service", "--role", "editor"]).done();
    let add =
        ["key", "add", "--member", "svc", "--name", "ci", "--scopes", "decide,directory", "--format", "json"];
    let key = desk.run(&add).done().secret();
    assert_eq!(desk.with(&key, &["group", "add", "x"]).status, 1, "it is good, and may not");
    desk.run(&["key", "revoke", "ci"]).done();
    let revoked = desk.with(&key, &["group", "add", "x"]);
    // One that is well formed and unknown: of another folder.
    let unknown = desk.with(&Desk::new().key, &["group", "add", "x"]);
    assert_eq!((revoked.status, &revoked.err), (2, &unknown.err));
}
