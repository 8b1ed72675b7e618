//! Under which revision a request is answered: the newest, or one at least as new as it names.
//!
//! A client that has just changed something names the revision that the change gave, and is answered from no older one. Where that is
//! not in force here, the request waits for a moment and is then refused, which a client takes for a denial. The refusal names the revision that
//! is in force instead.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::failure::Failure;
use super::visitor::Visitor;
use crate::Hearing;
use crate::source::{Asker, Source};

const AT_LEAST: HeaderName = HeaderName::from_static("portcullis-at-least");
const WAIT: HeaderName = HeaderName::from_static("portcullis-wait");

impl Visitor {
    /// Lets whoever sent these headers in, and puts them before the revision that they ask for.
    pub(crate) async fn heard(
        &self,
        headers: &HeaderMap,
        workspace: Option<&str>,
    ) -> Result<(Asker, Hearing), Failure> {
        let asker = self.asker(headers)?;
        let hearing = self.hear(&asker, workspace)?;
        let Some(token) = headers.get(AT_LEAST) else { return Ok((asker, hearing)) };
        match self.at_least(&asker, &hearing, workspace, headers, token).await {
            Ok(None) => Ok((asker, hearing)),
            Ok(Some(newer)) => Ok((asker, newer)),
            Err(failure) => Err(failure.under(hearing.revision())),
        }
    }

    /// What is in force by now, for somebody who was heard: a body may take its time, in which what was in force is changed, and the credential
    /// revoked.
    pub(crate) fn still_heard(
        &self,
        asker: &Asker,
        hearing: Hearing,
        workspace: Option<&str>,
    ) -> Result<Hearing, Failure> {
        if hearing.is_current(|| self.door.source.now()) {
            return Ok(hearing);
        }
        self.hear(asker, workspace)
    }

    /// Waits until a revision is in force, for as long as the request says, unless what was heard is as new. The credential is looked at
    /// anew after that.
    async fn at_least(
        &self,
        asker: &Asker,
        hearing: &Hearing,
        workspace: Option<&str>,
        headers: &HeaderMap,
        token: &HeaderValue,
    ) -> Result<Option<Hearing>, Failure> {
        // Which of two is the newer one is not guessed.
        if headers.get_all(AT_LEAST).iter().count() > 1 {
            return Err(Failure::bad_request(format!("the header `{AT_LEAST}` stands twice")));
        }
        let token = token.to_str().map_err(|_| Failure::bad_request("a revision token is plain text"))?;
        if matches!(self.door.source, Source::File(_)) {
            let message = format!(
                "a file that is served has no revisions that can be waited for: leave out `{AT_LEAST}`"
            );
            return Err(Failure::bad_request(message));
        }
        let number = hearing.read_token(token)?;
        let wait = self.wait(headers)?;
        if hearing.revision_number() >= number {
            return Ok(None);
        }
        let mut told = self.door.source.follow(asker).map_err(|refusal| self.refused(refusal))?;
        // Whether it came or the time is up is seen from what is in force then.
        let _ = tokio::time::timeout(wait, told.wait_for(|revision| *revision >= number)).await;
        let newest = self.hear(asker, workspace)?;
        if newest.revision_number() >= number {
            return Ok(Some(newest));
        }
        Err(Failure::not_yet(token).under(newest.revision()))
    }

    fn wait(&self, headers: &HeaderMap) -> Result<Duration, Failure> {
        let bounds = &self.door.bounds;
        let Some(typed) = headers.get(WAIT) else { return Ok(bounds.usual_wait) };
        let typed = typed.to_str().unwrap_or_default();
        let longest = bounds.longest_wait;
        let wait = typed.parse().ok().map(Duration::from_millis).filter(|wait| *wait <= longest);
        wait.ok_or_else(|| {
            let message = format!("expected 0 to {} milliseconds in `{WAIT}`", longest.as_millis());
            Failure::bad_request(message)
        })
    }
}
