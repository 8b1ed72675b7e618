//! Many at once: batches, members from a table, objects from a file of lines.

use serde_json::json;

use crate::desk::{ADMIN, Desk};

#[test]
fn a_batch_is_one_change_or_none() {
    let desk = Desk::new();
    desk.run(&["member", "add", "ben", "--type", "service"]).done();
    desk.run(&["key", "add", "--member", "ben", "--name", "of ben", "--scopes", "all"]).done();
    // Two administrators are swapped, with no moment in between.
    desk.save(
        "swap.json",
        &json!([
            { "set-member-role": { "member": "ben", "role": "admin" } },
            { "set-member-role": { "member": ADMIN, "role": "viewer" } },
        ])
        .to_string(),
    );
    let before = desk.json(&["workspace", "show"])["revision"].as_str().unwrap().to_owned();
    let done = desk.run(&["batch", "swap.json"]).done().out;
    assert_eq!(done.lines().count(), 3, "{done}");
    let number = |revision: &str| revision.split_once('.').unwrap().1.parse::<u64>().unwrap();
    let after = done.lines().last().unwrap().strip_prefix("revision ").unwrap();
    assert_eq!(number(after), number(&before) + 1);
    let refused = desk.run(&["batch", "swap.json"]);
    assert!(refused.status == 1 && refused.err.contains("operation 1: this needs `update`"), "{refused:?}");
}

#[test]
fn members_come_from_a_table_all_or_none() {
    let desk = Desk::new();
    desk.run(&["group", "add", "ops"]).done();
    desk.save("members.csv", "subject,role,group\nbob,editor,ops\ncarol,,\nbob,viewer,\n");
    let twice = desk.run(&["member", "import", "members.csv"]);
    assert!(twice.status == 1 && twice.err.contains("there is a member `bob` already"), "{twice:?}");
    assert_eq!(desk.json(&["member", "list"]).as_array().unwrap().len(), 1);
    let table = "subject,role,group\nbob,editor,ops\ncarol,,\n";
    desk.command(Some(&desk.key), &["member", "import", "-"], table).done();
    let members = desk.json(&["member", "list"]);
    let told = |at: usize| {
        (members[at]["subject"].clone(), members[at]["role"].clone(), members[at]["groups"].clone())
    };
    assert_eq!(told(1), (json!("bob"), json!("editor"), json!(["ops"])));
    assert_eq!(told(2), (json!("carol"), json!("viewer"), json!([])));
    desk.save("members.csv", "subject,rank\nbob,1\n");
    let unknown = desk.run(&["member", "import", "members.csv"]);
    assert!(
        unknown.status == 2 && unknown.err.contains("`members.csv`, line 1: there is no column `rank`"),
        "{unknown:?}"
    );
}

#[test]
fn objects_come_from_lines_ten_thousand_in_a_change() {
    let desk = Desk::new();
    let line =
        |id: usize| format!("{{\"type\":\"sync\",\"id\":\"{id:05}\",\"properties\":{{\"n\":{id}}}}}\n");
    let mut text: String = (0..10_001).map(line).collect();
    desk.save("objects.jsonl", &text);
    let revision = || desk.json(&["workspace", "show"])["revision"].as_str().unwrap().to_owned();
    let number = |revision: String| revision.split_once('.').unwrap().1.parse::<u64>().unwrap();
    let before = number(revision());
    let shown = desk.run(&["object", "import", "objects.jsonl", "--dry-run"]).done().out;
    assert_eq!(shown.matches("digest ").count(), 2, "{shown}");
    let put = desk.run(&["object", "import", "objects.jsonl"]).done().out;
    assert!(put.starts_with("put 10,001 objects\n"), "{put}");
    assert_eq!(number(revision()), before + 2);
    let shown = desk.json(&["object", "show", "sync", "10000"]);
    assert_eq!(shown["properties"], json!({ "n": 10_000 }));
    let page = desk.json(&["object", "list", "--after", "sync", "00998", "--most", "3"]);
    let ids: Vec<&str> = page.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["00999", "01000", "01001"]);

    // A line that cannot be read: nothing is put. One that is refused: what came before it is.
    text.push_str("{\"type\":\"sync\"}\n");
    desk.save("objects.jsonl", &text);
    let bad = desk.run(&["object", "import", "objects.jsonl"]);
    assert!(bad.status == 2 && bad.err.contains("line 10002: missing field `id`"), "{bad:?}");
    assert_eq!(number(revision()), before + 2, "nothing was put");
    let text: String = text.lines().take(10_001).map(|line| format!("{line}\n")).collect();
    desk.save("objects.jsonl", &format!("{text}{{\"type\":\"unheard\",\"id\":\"1\"}}\n"));
    let refused = desk.run(&["object", "import", "objects.jsonl"]);
    assert!(refused.status == 2 && refused.err.contains("line 10002: "), "{refused:?}");
    assert!(refused.err.contains("lines 1 to 10,000 are in"), "{refused:?}");
}
