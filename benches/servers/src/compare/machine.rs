//! What the machine says of itself, and the day, for the head of a record. What is not to be had is left out rather than guessed.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

fn field(text: &str, key: &str) -> Option<String> {
    let told = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'));
    told.map(|told| told.trim().to_owned())
}

/// Processor, memory, kernel, compiler: a line each.
pub(super) fn described() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let mut lines = Vec::new();
    lines.extend(field(&processors, "model name").map(|name| format!("{name}, {cores} logical cores")));
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let memory = memory.and_then(|text| text.strip_suffix(" kB")?.trim().parse::<f64>().ok());
    lines.extend(memory.map(|kibibytes| format!("memory: {:.1} GiB", kibibytes / f64::from(1 << 20))));
    lines.push(format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()));
    lines.push(format!("bare servers and load generator built by {}", env!("SERVERS_RUSTC")));
    lines
}

/// How many processes wanted to run on average in the last minute: more than what was measured disturbed it.
pub(super) fn load_average() -> String {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').next().unwrap_or_default().to_owned()
}

/// Today as year-month-day, in UTC.
pub(super) fn today() -> String {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    date(days as i64)
}

/// The date so many days after the first of January 1970, counted in years that begin with March, so that a leap day comes last.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (days, told) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22"), (20_818, "2026-12-31")]
        {
            assert_eq!(date(days), told);
        }
    }
}
