//! What is found in the documents and workspaces that others published, read as their administrators would read it.

use std::collections::BTreeMap;

use portcullis::{Limits, NoFiles, Schema, Source};
use portcullis_testkit::corpus;

#[test]
fn what_is_found_in_published_workspaces() {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut hightouch = Vec::new();
    let workspaces = corpus::all().unwrap().into_iter().map(|case| (case.id.clone(), case.workspace));
    let more = corpus::all_by_request().unwrap().into_iter().map(|case| (case.id.clone(), case.workspace));
    for (id, workspace) in workspaces.chain(more) {
        let (source, schema) = (Source::new(&*id, workspace.to_string()), Schema::hightouch().unwrap());
        let (_, report) = portcullis::lint(&source, &schema, &NoFiles, &Limits::default()).unwrap();
        for fault in report.iter().filter(|fault| fault.code.as_str().starts_with("P09")) {
            let of = id.split('/').next().unwrap().to_owned();
            if of == "hightouch" {
                hightouch.push(fault.message.clone());
            }
            *counts.entry((of, fault.code.as_str())).or_default() += 1;
        }
    }
    let counts: Vec<(&str, &str, usize)> =
        counts.iter().map(|((of, code), count)| (&**of, *code, *count)).collect();
    assert_eq!(
        counts,
        [
            // A viewer beside an editor: as it should be, and no more than a note.
            ("authzen", "P0905", 3),
            ("casbin", "P0905", 4),
            // A case that asks for a list of all actions beside one that asks for any.
            ("cedar", "P0903", 2),
            ("hightouch", "P0904", 3),
            ("hightouch", "P0905", 3),
            // Two roles of Kubernetes that differ in the names of objects, which the case leaves out.
            ("k8s", "P0904", 1),
            ("k8s", "P0905", 26),
            ("k8s", "P0906", 2),
            ("k8s", "P0907", 1),
            ("k8s", "P0911", 6),
            // Roles made to have odd names and say nothing in particular.
            ("naughty_strings", "P0904", 7),
            // Cases about combining policies that contradict or repeat each other.
            ("xacml", "P0901", 2),
            ("xacml", "P0902", 3),
            ("xacml", "P0904", 2),
            ("xacml", "P0911", 14),
        ]
    );
    assert_eq!(
        hightouch,
        [
            "the role `audience_collaborator` is contained in the role `editor`",
            "the role `reader` is contained in the role `editor`",
            "the role `published admin` is equal to the built-in role `admin`",
            "the role `published editor` is equal to the built-in role `editor`",
            "the role `published reader` is equal to the built-in role `viewer`",
            "the role `lbac_model_marketing` is contained in the role `lbac_model_star`",
        ]
    );
}
