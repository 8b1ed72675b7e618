//! The metadata by which a client finds the endpoints.
//!
//! Nobody is let in or kept out here: what is answered is made of the address that the server is known by and the path that was
//! asked for, so that it tells nobody whether there is such a workspace.

use http::Response;
use http::header::CONTENT_TYPE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::JSON;
use super::body::Body;
use super::visitor::Visitor;
use crate::authzen::answer::metadata;

/// What is encoded in a part of a path: all but what RFC 3986 leaves alone.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Visitor {
    pub(super) fn metadata(&self, workspace: Option<&str>) -> Response<Body> {
        let base = match workspace {
            Some(name) => format!("{}/workspaces/{}", self.door.base, utf8_percent_encode(name, PART)),
            None => self.door.base.clone(),
        };
        let mut text = Vec::new();
        metadata(&mut text, &base, []);
        let mut response = Response::new(Body::from(text));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    }
}
