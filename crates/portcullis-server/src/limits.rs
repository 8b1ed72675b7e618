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
    /// How long a search may take, its turn counted.
    pub search_time: Duration,
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
            search_time: Duration::from_secs(30),
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

impl DoorBounds {
    /// The names by which bounds are set, in the order of the fields. Times are in seconds, waits in milliseconds.
    pub const NAMES: [&str; 18] = [
        "connections",
        "head-bytes",
        "headers",
        "head-seconds",
        "body-bytes",
        "body-seconds",
        "write-seconds",
        "items",
        "page",
        "searches",
        "search-seconds",
        "streams",
        "watches",
        "strangers",
        "longest-wait-ms",
        "usual-wait-ms",
        "failures",
        "addresses",
    ];

    /// Sets a bound by its name.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be so little or so much.
    ///
    /// ```
    /// let mut bounds = portcullis_server::DoorBounds::default();
    /// bounds.set("head-seconds", 5).unwrap();
    /// assert_eq!(bounds.head_time.as_secs(), 5);
    /// assert!(bounds.set("head-bytes", 1).is_err());
    /// ```
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), String> {
        // A head of fewer bytes is not read; a time of nothing leaves nobody any.
        let (least, most) = match name {
            "head-bytes" => (8 << 10, 1 << 20),
            "body-bytes" => (1 << 10, 1 << 30),
            "head-seconds" | "body-seconds" | "write-seconds" | "search-seconds" => (1, 86_400),
            "longest-wait-ms" | "usual-wait-ms" => (0, 2_000),
            "failures" => (0, 1_000_000),
            _ => (1, 1_000_000),
        };
        let known = DoorBounds::NAMES.contains(&name);
        if known && !(least..=most).contains(&value) {
            return Err(format!("`{name}` can be {least} to {most}"));
        }
        let narrow = u32::try_from(value).map_err(|_| format!("`{name}` can be {least} to {most}"));
        let count = usize::try_from(value).map_err(|_| format!("`{name}` can be {least} to {most}"));
        let (seconds, millis) = (Duration::from_secs(value), Duration::from_millis(value));
        match name {
            "connections" => self.connections = count?,
            "head-bytes" => self.head_bytes = count?,
            "headers" => self.headers = count?,
            "head-seconds" => self.head_time = seconds,
            "body-bytes" => self.body_bytes = count?,
            "body-seconds" => self.body_time = seconds,
            "write-seconds" => self.write_time = seconds,
            "items" => self.items = count?,
            "page" => self.page = count?,
            "searches" => self.searches = count?,
            "search-seconds" => self.search_time = seconds,
            "streams" => self.streams = narrow?,
            "watches" => self.watches = count?,
            "strangers" => self.strangers = count?,
            "longest-wait-ms" => self.longest_wait = millis,
            "usual-wait-ms" => self.usual_wait = millis,
            "failures" => self.failures = narrow?,
            "addresses" => self.addresses = count?,
            _ => {
                let names = portcullis::text::listed(DoorBounds::NAMES, 20);
                return Err(format!(
                    "there is no bound {}: expected {names}",
                    portcullis::text::quoted(name)
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_set_by_its_name_and_only_within_reason() {
        let mut bounds = DoorBounds::default();
        for name in DoorBounds::NAMES {
            let before = format!("{bounds:?}");
            let value = if name.ends_with("bytes") { 65_536 } else { 77 };
            bounds.set(name, value).unwrap();
            assert_ne!(format!("{bounds:?}"), before, "{name}");
            assert!(bounds.set(name, u64::MAX).unwrap_err().contains("can be"), "{name}");
        }
        assert!(bounds.set("nothing", 1).unwrap_err().contains("there is no bound `nothing`"));
        assert!(bounds.set("head-bytes", 100).is_err() && bounds.set("head-seconds", 0).is_err());
    }
}
