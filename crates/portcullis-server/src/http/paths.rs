//! Which endpoint a path names, and of which workspace.
//!
//! The paths under `/access/v1` are those of AuthZEN, for the workspace of the caller's key; under `/workspaces/{workspace}` the workspace is named,
//! by name or id. A name is percent-encoded like any part of a path.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use super::failure::Failure;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Evaluation,
    Evaluations,
    SubjectSearch,
    ResourceSearch,
    ActionSearch,
    Capabilities,
    Numbering,
    Watch,
    Metadata,
    Live,
    Ready,
    Metrics,
    Setup,
}

impl Endpoint {
    /// Every endpoint, in the order of their numbers.
    pub(crate) const ALL: [Endpoint; 13] = [
        Endpoint::Evaluation,
        Endpoint::Evaluations,
        Endpoint::SubjectSearch,
        Endpoint::ResourceSearch,
        Endpoint::ActionSearch,
        Endpoint::Capabilities,
        Endpoint::Numbering,
        Endpoint::Watch,
        Endpoint::Metadata,
        Endpoint::Live,
        Endpoint::Ready,
        Endpoint::Metrics,
        Endpoint::Setup,
    ];

    /// Its word in metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Endpoint::Evaluation => "evaluation",
            Endpoint::Evaluations => "evaluations",
            Endpoint::SubjectSearch => "search_subject",
            Endpoint::ResourceSearch => "search_resource",
            Endpoint::ActionSearch => "search_action",
            Endpoint::Capabilities => "capabilities",
            Endpoint::Numbering => "numbering",
            Endpoint::Watch => "watch",
            Endpoint::Metadata => "metadata",
            Endpoint::Live => "live",
            Endpoint::Ready => "ready",
            Endpoint::Metrics => "metrics",
            Endpoint::Setup => "setup",
        }
    }

    /// Refuses a method that is not its own.
    pub(crate) fn by(self, method: &Method) -> Result<(), Failure> {
        let (expected, words) = match self {
            Endpoint::Evaluation
            | Endpoint::Evaluations
            | Endpoint::SubjectSearch
            | Endpoint::ResourceSearch
            | Endpoint::ActionSearch
            | Endpoint::Setup => (Method::POST, "POST"),
            _ => (Method::GET, "GET"),
        };
        if *method == expected { Ok(()) } else { Err(Failure::not_allowed(words)) }
    }

    fn under_access(rest: &str) -> Option<Endpoint> {
        Some(match rest {
            "evaluation" => Endpoint::Evaluation,
            "evaluations" => Endpoint::Evaluations,
            "search/subject" => Endpoint::SubjectSearch,
            "search/resource" => Endpoint::ResourceSearch,
            "search/action" => Endpoint::ActionSearch,
            "capabilities" => Endpoint::Capabilities,
            "capabilities/numbering" => Endpoint::Numbering,
            "watch" => Endpoint::Watch,
            _ => return None,
        })
    }
}

/// Where the metadata are, which have the path of the workspace after their own.
pub(crate) const METADATA: &str = "/.well-known/authzen-configuration";

/// An endpoint, with the workspace that the path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route<'p> {
    pub(crate) endpoint: Endpoint,
    pub(crate) workspace: Option<Cow<'p, str>>,
}

impl<'p> Route<'p> {
    /// What a path leads to.
    pub(crate) fn of(path: &'p str) -> Option<Route<'p>> {
        let whole = |endpoint| Some(Route { endpoint, workspace: None });
        if let Some(rest) = path.strip_prefix("/access/v1/") {
            return whole(Endpoint::under_access(rest)?);
        }
        if let Some(rest) = path.strip_prefix("/workspaces/") {
            let (workspace, rest) = rest.split_once('/')?;
            let endpoint = Endpoint::under_access(rest.strip_prefix("access/v1/")?)?;
            return Some(Route { endpoint, workspace: Some(decoded(workspace)?) });
        }
        if let Some(rest) = path.strip_prefix(METADATA) {
            if rest.is_empty() {
                return whole(Endpoint::Metadata);
            }
            let workspace = rest.strip_prefix("/workspaces/").filter(|name| !name.contains('/'))?;
            return Some(Route { endpoint: Endpoint::Metadata, workspace: Some(decoded(workspace)?) });
        }
        whole(match path {
            "/livez" => Endpoint::Live,
            "/readyz" => Endpoint::Ready,
            "/metrics" => Endpoint::Metrics,
            "/setup" => Endpoint::Setup,
            _ => return None,
        })
    }
}

fn decoded(part: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(part).decode_utf8().ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_endpoints_and_workspaces() {
        let route = |path: &'static str| Route::of(path).map(|route| (route.endpoint, route.workspace));
        assert_eq!(route("/access/v1/evaluation"), Some((Endpoint::Evaluation, None)));
        assert_eq!(
            route("/workspaces/caf%C3%A9%2Fa/access/v1/search/action"),
            Some((Endpoint::ActionSearch, Some("café/a".into())))
        );
        assert_eq!(route("/.well-known/authzen-configuration"), Some((Endpoint::Metadata, None)));
        assert_eq!(
            route("/.well-known/authzen-configuration/workspaces/acme"),
            Some((Endpoint::Metadata, Some("acme".into())))
        );
        for path in [
            "",
            "/",
            "/access/v1",
            "/access/v1/",
            "/access/v1/evaluation/",
            "/access/v2/evaluation",
            "/workspaces//access/v1/evaluation",
            "/workspaces/a/b/access/v1/evaluation",
            "/workspaces/%FF/access/v1/evaluation",
            "/.well-known/authzen-configuration/",
            "/.well-known/authzen-configuration/workspaces/a/b",
            "/.well-known/authzen-configurationx",
            "/livez/",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }
}
