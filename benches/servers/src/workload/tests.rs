//! What is written is what is read, decides as it says, and is the same at every run.

use super::*;

fn made() -> (tempfile::TempDir, Sizes) {
    let folder = tempfile::tempdir().unwrap();
    let sizes = Sizes { members: 40, singles: 600, batches: 8 };
    write(folder.path(), sizes).unwrap();
    (folder, sizes)
}

#[test]
fn what_is_written_is_read_back_and_expects_what_the_library_says() {
    let (folder, sizes) = made();
    let text = fs::read_to_string(folder.path().join("workspace.json")).unwrap();
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
    let (snapshot, _) = workspace.compile().unwrap();
    assert_eq!(snapshot.members().count(), sizes.members);

    let singles = read(folder.path(), Form::Singles).unwrap();
    assert_eq!(singles.len(), sizes.singles);
    let mut allowed = 0;
    for (asked, expected) in questions(&singles).unwrap() {
        let says = snapshot.check(&asked.subject, &asked.action, &asked.resource.0).is_allowed();
        assert_eq!(says, expected, "{asked:?}");
        allowed += usize::from(expected);
    }
    assert!(allowed > sizes.singles / 10 && allowed < sizes.singles * 9 / 10, "{allowed} are allowed");

    let batches = read(folder.path(), Form::Batches).unwrap();
    assert_eq!(batches.len(), sizes.batches);
    for batch in batches {
        let body: Value = serde_json::from_slice(&batch.body).unwrap();
        let items = body["evaluations"].as_array().unwrap();
        assert_eq!((items.len(), batch.expected.len()), (90, 90));
        for (item, expected) in items.iter().zip(batch.expected) {
            let text = |pointer: &str| item.pointer(pointer).unwrap().as_str().unwrap();
            let subject = body["subject"]["id"].as_str().unwrap();
            let says = snapshot.check(subject, text("/action/name"), text("/resource/type")).is_allowed();
            assert_eq!(says, expected, "{subject} {item}");
        }
    }
}

#[test]
fn bodies_with_roles_ask_the_same_and_name_the_roles_of_members() {
    let (folder, _) = made();
    for (plain, named) in [(Form::Singles, Form::SinglesWithRoles), (Form::Batches, Form::BatchesWithRoles)] {
        let (plain, named) = (read(folder.path(), plain).unwrap(), read(folder.path(), named).unwrap());
        assert_eq!(plain.len(), named.len());
        let mut strangers = 0;
        for (plain, named) in plain.iter().zip(&named) {
            assert_eq!(plain.expected, named.expected);
            let mut body: Value = serde_json::from_slice(&named.body).unwrap();
            let properties = body["subject"].as_object_mut().unwrap().remove("properties").unwrap();
            let roles = properties["cerbos.roles"].as_array().unwrap();
            assert!((1..=3).contains(&roles.len()));
            strangers += usize::from(roles[0] == NOBODY);
            assert_eq!(body, serde_json::from_slice::<Value>(&plain.body).unwrap());
        }
        assert!(strangers < plain.len() / 4, "{strangers} of {} are strangers", plain.len());
    }
}

#[test]
fn every_run_writes_the_same_and_cerbos_gets_a_policy_a_type() {
    let ((one, _), (other, _)) = (made(), made());
    let policies = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder.join("cerbos/policies"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut files = vec!["workspace.json".to_owned()];
    files.extend(Form::ALL.map(|form| format!("{}.jsonl", form.name())));
    files.extend(policies(one.path()).into_iter().map(|name| format!("cerbos/policies/{name}")));
    assert_eq!(files.len(), 15, "{files:?}");
    for file in files {
        assert_eq!(fs::read(one.path().join(&file)).unwrap(), fs::read(other.path().join(&file)).unwrap());
    }
}

#[test]
fn answers_that_do_not_fit_their_requests_are_refused() {
    let (folder, _) = made();
    let file = folder.path().join("singles.expected");
    let shorter: String =
        fs::read_to_string(&file).unwrap().lines().skip(1).map(|l| format!("{l}\n")).collect();
    fs::write(&file, shorter).unwrap();
    let told = read(folder.path(), Form::Singles).unwrap_err().to_string();
    assert_eq!(told, "expected as many answers as requests, found 600 requests and 599 answers");
}
