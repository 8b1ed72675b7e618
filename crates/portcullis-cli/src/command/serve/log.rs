//! What a server says of itself while it runs: lines on standard error, for people or as JSON.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::output::Output;

/// Sends what is logged to standard error from now on.
pub(super) fn begin(json: bool, out: &Output) {
    let lines = fmt().with_max_level(LevelFilter::INFO).with_writer(std::io::stderr).with_target(false);
    // A second log of one process is the first: tests in one process begin several.
    let _ = if json {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        lines.with_ansi(out.is_styled()).try_init()
    };
}
