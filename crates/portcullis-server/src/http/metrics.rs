//! What is counted, in the text format that Prometheus reads.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::paths::Endpoint;
use super::striped::Striped;

/// What is counted. Counters of the hot path are found once, not at each request.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    answered: Vec<[Striped; 4]>,
    calls: Family<Labels, Counter>,
    allowed: Striped,
    denied: Striped,
    pub(crate) failed_authentications: Counter,
    pub(crate) connections: Gauge,
    pub(crate) refused_connections: Counter,
    pub(crate) watches: Gauge,
    pub(crate) streams: Gauge,
    /// 1 while the newest version of a served file is broken.
    pub(crate) stale: Gauge,
}

/// The labels of a request: its endpoint, and the first digit of the status. Of a call: its method, and its code.
type Labels = [(&'static str, &'static str); 2];

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("portcullis");
        let requests = Family::<Labels, Striped>::default();
        let answered = Endpoint::ALL.map(|endpoint| {
            ["2xx", "3xx", "4xx", "5xx"].map(|status| {
                let labels = [("endpoint", endpoint.word()), ("status", status)];
                requests.get_or_create(&labels).clone()
            })
        });
        registry.register("requests", "Requests answered", requests);
        let calls = Family::<Labels, Counter>::default();
        registry.register("calls", "Calls of gRPC answered, streams as they began", calls.clone());
        let decisions = Family::<[(&'static str, &'static str); 1], Striped>::default();
        let [allowed, denied] =
            ["allow", "deny"].map(|decision| decisions.get_or_create(&[("decision", decision)]).clone());
        registry.register("decisions", "Decisions made", decisions);
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::<u64, AtomicU64>::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let failed_authentications = counter("failed_authentications", "Credentials that open nothing");
        let refused_connections = counter("refused_connections", "Connections closed as there were too many");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let connections = gauge("connections", "Connections open");
        let watches = gauge("watches", "Watches open");
        let streams = gauge("streams", "Streams of checks open");
        let stale = gauge(
            "stale",
            "1 while the newest version of a served file is broken and an older one is served",
        );
        Metrics {
            registry,
            answered: answered.into(),
            calls,
            allowed,
            denied,
            failed_authentications,
            connections,
            refused_connections,
            watches,
            streams,
            stale,
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, endpoint: Endpoint, status: http::StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(2);
        let counters =
            Endpoint::ALL.iter().position(|one| *one == endpoint).and_then(|at| self.answered.get(at));
        if let Some(counter) = counters.and_then(|classes| classes.get(class)) {
            counter.inc();
        }
    }

    /// Counts a call of gRPC.
    pub(crate) fn called(&self, method: &'static str, code: &'static str) {
        self.calls.get_or_create(&[("method", method), ("code", code)]).inc();
    }

    /// Counts a decision.
    pub(crate) fn decided(&self, allowed: bool) {
        if allowed { &self.allowed } else { &self.denied }.inc();
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
