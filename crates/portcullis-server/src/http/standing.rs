//! Under which revision a request is answered: the newest, or one at least as new as it names.
//!
//! A client that has just changed something names the revision that the change gave, and is answered from no older one. Where that is
//! not in force here, the request waits for a moment and is then refused, which a client takes for a denial.

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};

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
    ) -> Result<(Asker, Rc<Hearing>), Failure> {
        let asker = self.asker(headers)?;
        let hearing = self.hear(&asker, workspace)?;
        match headers.get(AT_LEAST) {
            None => Ok((asker, hearing)),
            Some(token) => {
                // Which of two is the newer one is not guessed.
                if headers.get_all(AT_LEAST).iter().count() > 1 {
                    return Err(Failure::bad_request(format!("the header `{AT_LEAST}` stands twice")));
                }
                let token =
                    token.to_str().map_err(|_| Failure::bad_request("a revision token is plain text"))?;
                let wait = headers.get(WAIT).map(|wait| wait.to_str().unwrap_or_default());
                let hearing = self.at_least(&asker, hearing, workspace, token, wait).await?;
                Ok((asker, hearing))
            }
        }
    }

    /// Waits until a revision is in force, for as long as the request says. The credential is looked at anew after that.
    pub(crate) async fn at_least(
        &self,
        asker: &Asker,
        hearing: Rc<Hearing>,
        workspace: Option<&str>,
        token: &str,
        wait: Option<&str>,
    ) -> Result<Rc<Hearing>, Failure> {
        if matches!(self.door.source, Source::File(_)) {
            let message = format!(
                "a file that is served has no revisions that can be waited for: leave out `{AT_LEAST}`"
            );
            return Err(Failure::bad_request(message));
        }
        let number = hearing.read_token(token)?;
        let wait = self.wait(wait)?;
        if hearing.revision_number() >= number {
            return Ok(hearing);
        }
        let mut told = self.door.source.follow(asker).map_err(|refusal| self.refused(refusal))?;
        let reached = tokio::time::timeout(wait, told.wait_for(|revision| *revision >= number)).await;
        match reached {
            Ok(Ok(_)) => self.hear(asker, workspace),
            _ => Err(Failure::not_yet(token)),
        }
    }

    fn wait(&self, typed: Option<&str>) -> Result<Duration, Failure> {
        let bounds = &self.door.bounds;
        let Some(typed) = typed else { return Ok(bounds.usual_wait) };
        let longest = bounds.longest_wait;
        let wait = typed.parse().ok().map(Duration::from_millis).filter(|wait| *wait <= longest);
        wait.ok_or_else(|| {
            let message = format!("expected 0 to {} milliseconds in `{WAIT}`", longest.as_millis());
            Failure::bad_request(message)
        })
    }
}
