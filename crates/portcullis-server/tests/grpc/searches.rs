//! Searches: what is found is what a check allows, page by page.

use portcullis_server::{Change, DoorBounds};
use serde_json::json;
use tonic::Code;

use crate::gate::*;
use crate::proto::search_request::Wanted;
use crate::proto::{CheckRequest, SearchRequest, SearchResponse};
use crate::world::{ANN, add_member, add_role, add_service, put_object};

fn search(wanted: Wanted, of: CheckRequest) -> SearchRequest {
    let CheckRequest { subject, action, resource, context, .. } = of;
    SearchRequest { wanted: wanted as i32, subject, action, resource, context, ..SearchRequest::default() }
}

fn ids(found: &SearchResponse) -> Vec<&str> {
    found.entities.iter().map(|one| &*one.id).collect()
}

fn filled() -> Gate {
    let gate = Gate::open();
    let mut all = vec![add_role("writer", &[r#"allow update sync {"labels.team": {"equals": "a"}}"#])];
    for at in 0..7 {
        all.push(add_member(&format!("m{at}@acme.example"), if at == 3 { "writer" } else { "viewer" }));
        let team = if at % 2 == 0 { "a" } else { "b" };
        all.push(put_object("sync", &format!("s{at}"), json!({ "labels": { "team": team } })));
    }
    all.push(add_service("robot", "viewer"));
    gate.service.change(&gate.ann, gate.acme, &Change::from(all)).unwrap();
    gate
}

#[tokio::test]
async fn subjects_resources_and_actions_are_found_as_checks_allow() {
    let gate = filled();
    let mut ann = gate.ann().await;
    let asked = search(Wanted::Subjects, check("not heeded", "read", "sync"));
    let found = ann.search(asked).await.unwrap();
    assert_eq!(said(found.metadata(), "portcullis-revision"), gate.token());
    let found = found.into_inner();
    assert_eq!((found.total as usize, &*found.next_token), (found.entities.len(), ""));
    assert!(ids(&found).contains(&ANN) && !ids(&found).contains(&"robot"));
    for subject in ids(&found) {
        assert!(ann.check(check(subject, "read", "sync")).await.unwrap().into_inner().decision, "{subject}");
    }
    let mut asked = search(Wanted::Subjects, check("", "read", "sync"));
    asked.subject = entity("service", "");
    assert_eq!(ids(&ann.search(asked).await.unwrap().into_inner()), ["robot"]);
    // What a condition leaves open is decided.
    let asked = search(Wanted::Resources, check("m3@acme.example", "update", "sync"));
    assert_eq!(ids(&ann.search(asked).await.unwrap().into_inner()), ["s0", "s2", "s4", "s6"]);
    let mut asked = search(Wanted::Actions, check("m0@acme.example", "", "sync"));
    asked.action = None;
    let found = ann.search(asked).await.unwrap().into_inner();
    let actions: Vec<&str> = found.actions.iter().map(|one| &*one.name).collect();
    assert_eq!(actions, ["read"]);
    let asked = search(Wanted::Subjects, check("", "read", "no such type"));
    assert!(ann.search(asked).await.unwrap().into_inner().entities.is_empty());
}

#[tokio::test]
async fn pages_are_the_whole_in_pieces() {
    let gate = filled();
    let mut ann = gate.ann().await;
    let whole = search(Wanted::Subjects, check("", "read", "sync"));
    let all = ann.search(whole.clone()).await.unwrap().into_inner();
    let mut asked = SearchRequest { limit: 3, ..whole.clone() };
    let (mut pieces, mut pages) = (Vec::new(), 0);
    loop {
        let page = ann.search(asked.clone()).await.unwrap().into_inner();
        assert!(page.entities.len() <= 3 && page.total == all.total);
        pieces.extend(page.entities);
        pages += 1;
        if page.next_token.is_empty() {
            break;
        }
        // The token has the limit.
        asked = SearchRequest { page_token: page.next_token, limit: 0, ..whole.clone() };
    }
    assert_eq!((pieces.len().div_ceil(3), &pieces), (pages, &all.entities));
    // It belongs to its request.
    let first = ann.search(SearchRequest { limit: 1, ..whole.clone() }).await.unwrap().into_inner();
    for other in [
        SearchRequest { page_token: first.next_token.clone(), action: action("update"), ..whole.clone() },
        SearchRequest {
            page_token: first.next_token.clone(),
            subject: entity("service", ""),
            ..whole.clone()
        },
        SearchRequest { page_token: format!("{}A", first.next_token), ..whole.clone() },
    ] {
        assert!(refused(ann.search(other).await, Code::InvalidArgument).contains("`page_token`"));
    }
    let explained = SearchRequest { page_token: first.next_token, ..whole };
    assert_eq!(ann.search(explained).await.unwrap().into_inner().entities, all.entities[1..2]);
}

#[tokio::test]
async fn a_search_is_bounded_and_for_whoever_may_ask() {
    let gate = Gate::within(DoorBounds { page: 2, ..DoorBounds::default() });
    gate.act(add_role("plain", &["allow read sync"]));
    let bob = gate.joins("bob@acme.example", "plain");
    gate.joins("eve@acme.example", "plain");
    let asked = search(Wanted::Subjects, check("", "read", "sync"));
    let page =
        gate.ann().await.search(SearchRequest { limit: 9, ..asked.clone() }).await.unwrap().into_inner();
    assert_eq!((page.entities.len(), page.total, page.next_token.is_empty()), (2, 3, false));
    let mut bob = gate.client(Some(&bob)).await;
    refused(bob.search(asked.clone()).await, Code::PermissionDenied);
    let own = search(Wanted::Actions, check("bob@acme.example", "", "sync"));
    assert_eq!(bob.search(own).await.unwrap().into_inner().actions.len(), 1);
    for (faulty, lacks) in [
        (SearchRequest { wanted: 0, ..asked.clone() }, "`wanted` must be SUBJECTS, RESOURCES or ACTIONS"),
        (SearchRequest { action: None, ..asked.clone() }, "`action` is missing"),
        (SearchRequest { subject: None, ..asked.clone() }, "`subject` is missing"),
        (SearchRequest { resource: entity("sync", ""), ..asked }, "`resource.id` is missing"),
    ] {
        assert_eq!(refused(bob.search(faulty).await, Code::InvalidArgument), lacks);
    }
}
