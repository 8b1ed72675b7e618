//! What a run came to, and how it is told: a line a figure, name and value with a tab between.

use std::fmt;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::Trouble;

/// The longest latency that is told apart.
const LONGEST: Duration = Duration::from_secs(60);

/// Figures of one run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Requests answered from the first to the last, the verified ones and the warming among them.
    pub asked: u64,
    /// Requests answered while it was timed.
    pub timed: u64,
    /// Of these, answers with another status.
    pub errors: u64,
    /// Decisions in each request, one but for batches.
    pub decisions: u64,
    /// How long was timed.
    pub lasted: Duration,
    /// Processor time that this process spent on a request, verifying included.
    pub spent: Duration,
    latencies: Histogram<u64>,
}

impl Outcome {
    /// Of nothing so far.
    ///
    /// # Errors
    /// Never: the bounds are those that the histogram takes.
    pub fn new() -> Result<Outcome, Trouble> {
        let latencies = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)?;
        let (lasted, spent) = (Duration::ZERO, Duration::ZERO);
        Ok(Outcome { asked: 0, timed: 0, errors: 0, decisions: 1, lasted, spent, latencies })
    }

    /// Notes so many answers that were waited for since a moment.
    pub fn note(&mut self, since: Instant, now: Instant, answers: u64) {
        self.timed += answers;
        let waited = now.saturating_duration_since(since).as_nanos() as u64;
        self.latencies.saturating_record_n(waited, answers);
    }

    /// Adds what another connection came to in the same time.
    ///
    /// # Errors
    /// Never: both histograms have the same bounds.
    pub fn add(&mut self, other: &Outcome) -> Result<(), Trouble> {
        self.asked += other.asked;
        self.timed += other.timed;
        self.errors += other.errors;
        Ok(self.latencies.add(&other.latencies)?)
    }

    /// Requests a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.timed as f64 / self.lasted.as_secs_f64()
    }

    /// The latency below which so many of a hundred answers came.
    #[must_use]
    pub fn percentile(&self, of_hundred: f64) -> Duration {
        Duration::from_nanos(self.latencies.value_at_percentile(of_hundred))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = |time: Duration| time.as_nanos() as f64 / 1_000.0;
        writeln!(out, "asked\t{}", self.asked)?;
        writeln!(out, "rate\t{:.1}", self.rate())?;
        writeln!(out, "decisions\t{:.1}", self.rate() * self.decisions as f64)?;
        for (name, of_hundred) in [("p50", 50.0), ("p99", 99.0), ("p999", 99.9), ("longest", 100.0)] {
            writeln!(out, "{name}_us\t{:.1}", micros(self.percentile(of_hundred)))?;
        }
        writeln!(out, "errors\t{}", self.errors)?;
        writeln!(out, "load_us\t{:.2}", micros(self.spent))
    }
}

/// Processor time that a process has had so far, by the kernel's clock of a hundredth of a second. Elsewhere than on Linux it is unknown.
#[must_use]
pub fn processor_time(process: &str) -> Option<Duration> {
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in parentheses and may hold anything.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace().skip(11).map(|word| word.parse::<u64>().ok());
    let ticks = fields.next()?? + fields.next()??;
    Some(Duration::from_millis(ticks * 1_000 / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_noted_and_rates_of_the_time_that_was_timed() {
        let mut outcome = Outcome::new().unwrap();
        let start = Instant::now();
        for milliseconds in 1..=100 {
            outcome.note(start, start + Duration::from_millis(milliseconds), 10);
        }
        outcome.lasted = Duration::from_secs(2);
        assert!((outcome.rate() - 500.0).abs() < 1e-9);
        let near = |of_hundred: f64, milliseconds: f64| {
            let found = outcome.percentile(of_hundred).as_secs_f64() * 1_000.0;
            assert!((found / milliseconds - 1.0).abs() < 0.01, "{found} {milliseconds}");
        };
        near(50.0, 50.0);
        near(99.0, 99.0);
        near(100.0, 100.0);

        let mut both = outcome.clone();
        both.add(&outcome).unwrap();
        assert_eq!(both.timed, 2_000);
        assert!(outcome.to_string().starts_with("asked\t0\nrate\t500.0\n"), "{outcome}");
    }

    #[test]
    fn this_process_has_had_some_time() {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(60) {}
        assert!(processor_time("self").unwrap() >= Duration::from_millis(30));
        assert_eq!(processor_time("none"), None);
    }
}
