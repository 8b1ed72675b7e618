//! Bounds on everything that a tenant or a stranger sends.

use std::time::Duration;

/// Bounds on what one workspace may hold and one call may bring. Every refusal for one names the bound.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Operations of one change.
    pub operations: usize,
    /// Bytes of one change, as JSON.
    pub change_bytes: usize,
    /// Bytes of one policy document.
    pub document_bytes: usize,
    /// Bytes of the properties of one member or object.
    pub properties_bytes: usize,
    /// Bytes of the text of one standing rule.
    pub rule_bytes: usize,
    /// Bytes of a note.
    pub note_bytes: usize,
    /// Keys of one member.
    pub keys_per_member: usize,
    /// Invitations that are pending.
    pub pending_invitations: usize,
    /// Standing rules.
    pub rules: usize,
    /// Groups.
    pub groups: usize,
    /// Versions of one role.
    pub versions: u64,
    /// Rows of one page of a list.
    pub page: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            operations: 10_000,
            change_bytes: 64 << 20,
            document_bytes: 1 << 20,
            properties_bytes: 64 << 10,
            rule_bytes: 64 << 10,
            note_bytes: 4 << 10,
            keys_per_member: 1_000,
            pending_invitations: 100_000,
            rules: 1_000,
            groups: 100_000,
            versions: 100_000,
            page: 1_000,
        }
    }
}

/// Bounds on what strangers send and hold open, and how long they may take. The table in docs/server.md is these.
#[derive(Clone, Copy, Debug)]
pub struct DoorBounds {
    /// Connections at once; more are closed as they come.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Header lines of a request.
    pub headers: usize,
    /// How long a head may take, and a connection may be idle between two requests.
    pub head_time: Duration,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// How long a body may take.
    pub body_time: Duration,
    /// How long a peer may not take a byte of what it asked for.
    pub write_time: Duration,
    /// Questions in one request for evaluations.
    pub items: usize,
    /// Results of a search on one page.
    pub page: usize,
    /// Searches that are computed at once; others wait their turn.
    pub searches: usize,
    /// Requests and streams at once on one connection of HTTP/2.
    pub streams: u32,
    /// Watches at once.
    pub watches: usize,
    /// Streams and calls of health and reflection at once, which need no credential.
    pub strangers: usize,
    /// How long a request may wait for a revision that it names.
    pub longest_wait: Duration,
    /// How long it waits when it does not say.
    pub usual_wait: Duration,
    /// Failed authentications of one address in a minute, after which more of them are told to wait.
    pub failures: u32,
    /// Addresses of which failures are counted.
    pub addresses: usize,
}

impl Default for DoorBounds {
    fn default() -> Self {
        DoorBounds {
            connections: 16_384,
            head_bytes: 16 << 10,
            headers: 64,
            head_time: Duration::from_secs(30),
            body_bytes: 2 << 20,
            body_time: Duration::from_secs(10),
            write_time: Duration::from_secs(30),
            items: 10_000,
            page: 10_000,
            searches: 4,
            streams: 256,
            watches: 10_000,
            strangers: 1_024,
            longest_wait: Duration::from_millis(2_000),
            usual_wait: Duration::from_millis(200),
            failures: 60,
            addresses: 4_096,
        }
    }
}
