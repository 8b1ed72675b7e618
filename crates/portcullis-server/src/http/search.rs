//! Searches: which subjects, resources or actions an evaluation of the same request would allow, a page at a time.
//!
//! What is found is what evaluation allows, also where the request brings properties: what rows and stored conditions leave open is
//! decided with what was sent. Results stand in the order of their bytes, and a page begins after the last of the page before, so that pages of a workspace that
//! changes meanwhile neither skip nor repeat what stayed. A search may look at a million members, so it is computed beside the
//! connections, a few at once.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use portcullis::{Question, Snapshot};

use super::answered;
use super::body::Body;
use super::evaluation::{keep, unread};
use super::failure::Failure;
use super::paths::Endpoint;
use super::visitor::Visitor;
use crate::Hearing;
use crate::authzen::answer::{self, PageOut, entities};
use crate::authzen::page::{Next, Pages};
use crate::authzen::{Search, Wanted};

/// What a search found: a page of it, and what there is to say of the rest.
pub(crate) struct Found {
    /// Ids, or names of actions.
    pub(crate) ids: Vec<String>,
    /// How many there are on all pages.
    pub(crate) total: usize,
    /// Whether there is more behind this page.
    pub(crate) more: bool,
}

impl Visitor {
    pub(super) async fn search(
        &self,
        endpoint: Endpoint,
        hearing: &Hearing,
        bytes: Bytes,
    ) -> Result<Response<Body>, Failure> {
        let wanted = match endpoint {
            Endpoint::SubjectSearch => Wanted::Subjects,
            Endpoint::ResourceSearch => Wanted::Resources,
            _ => Wanted::Actions,
        };
        let now = self.now(hearing);
        let hearing = hearing.clone();
        let most = self.door.bounds().page;
        let computed = self.computed(move || {
            let text = page_of(&hearing, &bytes, wanted, now.as_deref(), most)?;
            Ok(answered(&hearing, text))
        });
        computed.await
    }

    /// Computes something that may take long, beside the connections. Who has waited for too long is told so, its turn counted; what was
    /// begun ends on its own and keeps its place until then, so no more is under way at once than is allowed.
    pub(crate) async fn computed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let time = self.door.bounds().search_time;
        let computed = async {
            let stops = || Failure::busy("the server stops");
            let permit = Arc::clone(&self.door.searches).acquire_owned().await.map_err(|_| stops())?;
            let done = tokio::task::spawn_blocking(move || {
                let done = work();
                drop(permit);
                done
            });
            done.await.map_err(|_| stops())?
        };
        tokio::time::timeout(time, computed).await.unwrap_or_else(|_| {
            let seconds = time.as_secs();
            Err(Failure::busy(format!(
                "the search took more than the {seconds} seconds allowed: ask for less, or later"
            )))
        })
    }
}

fn page_of(
    hearing: &Hearing,
    bytes: &Bytes,
    wanted: Wanted,
    now: Option<&str>,
    most: usize,
) -> Result<Vec<u8>, Failure> {
    let search = Search::read(bytes, wanted, keep(hearing)).map_err(unread)?;
    let pages = Pages::of(&search.fingerprint(), hearing.workspace().to_string().as_bytes());
    let page = search.page();
    let token = page.and_then(|page| page.token.as_deref()).filter(|token| !token.is_empty());
    let begin = token.map(|token| pages.read(token)).transpose().map_err(unread)?;
    let asked = page.and_then(|page| page.limit).or(begin.as_ref().and_then(|begin| begin.limit));
    let limit = asked.map_or(most, |limit| usize::try_from(limit).unwrap_or(most).min(most));
    let after = begin.as_ref().map(|begin| &*begin.after);
    let found = find(hearing, wanted, &search.question(now), after, limit)?;
    // A page of nothing ends where the page before did.
    let last = found.ids.last().map_or(after.unwrap_or_default(), |last| last);
    let next =
        if found.more { pages.token(&Next { limit: asked, after: last.to_owned() }) } else { String::new() };
    let (count, total) = (Some(found.ids.len()), Some(found.total));
    let shown = (page.is_some() || found.more).then_some(PageOut { next_token: &next, count, total });
    let mut text = Vec::with_capacity(32 + 48 * found.ids.len());
    let ids = found.ids.iter().map(String::as_str);
    match search.searched_type() {
        Some(kind) => entities(&mut text, shown, kind, ids),
        None => answer::actions(&mut text, shown, ids),
    }
    Ok(text)
}

/// What an evaluation of the question would allow with each subject, resource or action in the place of the one that is searched for:
/// what comes after an id, at most so many.
pub(crate) fn find(
    hearing: &Hearing,
    wanted: Wanted,
    question: &Question<'_>,
    after: Option<&str>,
    limit: usize,
) -> Result<Found, Failure> {
    if wanted == Wanted::Subjects {
        hearing.may_ask_about_others()?;
    }
    let question = hearing.heeded(question)?;
    let snapshot = hearing.snapshot();
    let brings = question.subject_properties.is_some()
        || question.action_properties.is_some()
        || question.object_properties.is_some()
        || question.context.is_some();
    let allows = |question: &Question<'_>| hearing.decide(question).is_ok_and(|answer| answer.is_allowed());
    let mut all: Vec<&str> = match wanted {
        Wanted::Subjects => {
            let mut all = subjects(snapshot, &question, brings, &allows);
            // What its key takes away from the asker is not allowed to it either.
            if hearing.is_narrowed_away(question.action, question.resource) {
                all.retain(|subject| !hearing.is_own(subject));
            }
            all
        }
        Wanted::Resources => {
            let mut all = resources(snapshot, &question, brings, &allows);
            if hearing.is_own(question.subject)
                && hearing.is_narrowed_away(question.action, question.resource)
            {
                all.clear();
            }
            all
        }
        Wanted::Actions => actions(snapshot, &question, &allows),
    };
    all.sort_unstable();
    all.dedup();
    let total = all.len();
    let begin = after.map_or(0, |after| all.partition_point(|id| *id <= after));
    let rest = all.get(begin..).unwrap_or_default();
    let ids = rest.iter().take(limit).map(|id| (*id).to_owned()).collect();
    Ok(Found { ids, total, more: rest.len() > limit })
}

/// Whether a question is allowed.
type Allows<'a> = &'a dyn Fn(&Question<'_>) -> bool;

fn subjects<'s>(
    snapshot: &'s Snapshot,
    question: &Question<'_>,
    brings: bool,
    allows: Allows<'_>,
) -> Vec<&'s str> {
    let Ok(listed) = snapshot.who_on(question) else { return Vec::new() };
    let kind = question.subject_type;
    let with = |subject: &&str| allows(&Question { subject, ..*question });
    let certain = listed.allowed.into_iter().filter(|subject| if brings { with(subject) } else { true });
    let conditional =
        listed.conditional.into_iter().map(|(subject, _)| subject).filter(|subject| with(subject));
    certain
        .chain(conditional)
        .filter(|subject| kind.is_none_or(|kind| snapshot.member_type(subject) == Some(kind)))
        .collect()
}

fn resources<'s>(
    snapshot: &'s Snapshot,
    question: &Question<'_>,
    brings: bool,
    allows: Allows<'_>,
) -> Vec<&'s str> {
    let Question { subject, action, resource, subject_type, .. } = *question;
    if subject_type.is_some_and(|kind| snapshot.member_type(subject) != Some(kind)) {
        return Vec::new();
    }
    let Ok(listed) = snapshot.objects_for(subject, action, resource) else { return Vec::new() };
    let with = |object: &&str| allows(&Question { object: Some(object), ..*question });
    let certain = listed.allowed.into_iter().filter(|object| if brings { with(object) } else { true });
    let conditional = listed.conditional.into_iter().map(|(object, _)| object).filter(|object| with(object));
    certain.chain(conditional).collect()
}

fn actions<'s>(snapshot: &'s Snapshot, question: &Question<'_>, allows: Allows<'_>) -> Vec<&'s str> {
    let schema = snapshot.schema();
    let Some(kind) = schema.resource_type(question.resource) else { return Vec::new() };
    schema.actions_of(kind).filter(|action| allows(&Question { action, ..*question })).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use portcullis::{NoFiles, Source as Text, Workspace};

    use super::*;
    use crate::http::Door;
    use crate::{Admission, DoorBounds, ServedFile, Source, System};

    #[test]
    fn a_search_that_takes_too_long_is_told_so_and_keeps_its_place_until_it_ends() {
        let text = r#"{ "workspace": "w", "schema": "hightouch", "roles": {}, "members": {} }"#;
        let (workspace, _) = Workspace::read(&Text::new("w.json", text), &NoFiles).unwrap();
        let (snapshot, _) = workspace.compile().unwrap();
        let file = ServedFile::new(snapshot, Admission::Anybody, Arc::new(System)).unwrap();
        let bounds =
            DoorBounds { searches: 1, search_time: Duration::from_millis(20), ..DoorBounds::default() };
        let door = Door::new(Source::File(Arc::new(file)), "http://localhost", bounds);
        let visitor = door.visited("127.0.0.1:1".parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        runtime.block_on(async {
            let slow = visitor.computed(move || Ok(ended.recv().is_ok())).await;
            assert_eq!(slow.unwrap_err().status, http::StatusCode::SERVICE_UNAVAILABLE);
            assert!(visitor.computed(|| Ok(())).await.is_err(), "there is one place");
            end.send(()).unwrap();
            while visitor.computed(|| Ok(())).await.is_err() {}
        });
    }
}
