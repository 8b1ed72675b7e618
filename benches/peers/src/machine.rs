//! What the machine and the lock file say of themselves, so that nobody has to write it down.
//!
//! Everything is read from /proc, /sys and the lock file of this workspace; what is not to be had is left out rather than guessed.

use std::fs;

/// The lock file by which this program was built.
const LOCK: &str = include_str!("../Cargo.lock");

fn field<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':')).map(str::trim)
}

/// Processor, cores, caches, memory, kernel: a line each.
pub fn described() -> Vec<String> {
    let mut lines = Vec::new();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    lines.extend(field(&processors, "model name").map(|name| format!("{name}, {cores} logical cores")));
    let cache = |number: usize| {
        let part = |name: &str| {
            let path = format!("/sys/devices/system/cpu/cpu0/cache/index{number}/{name}");
            fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
        };
        Some(format!("L{} {} {}", part("level")?, part("type")?.to_lowercase(), part("size")?))
    };
    let caches: Vec<String> = (0..6).filter_map(cache).collect();
    if caches.is_empty() {
        lines.extend(field(&processors, "cache size").map(|size| format!("cache {size}")));
    } else {
        lines.push(format!("caches: {}", caches.join(", ")));
    }
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total =
        field(&memory, "MemTotal").and_then(|text| text.strip_suffix(" kB")?.trim().parse::<f64>().ok());
    lines.extend(total.map(|kibibytes| format!("memory: {:.1} GiB", kibibytes / f64::from(1 << 20))));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
    lines.extend(kernel.map(|release| format!("Linux {}", release.trim())));
    lines.push(format!("built by {}", env!("PEERS_RUSTC")));
    lines
}

/// Bytes that a new process could take.
pub fn available() -> Option<usize> {
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    Some(field(&memory, "MemAvailable")?.strip_suffix(" kB")?.trim().parse::<usize>().ok()? * 1_024)
}

/// The version of a package in the lock file, the newest where there are several.
pub fn version(package: &str) -> Option<&'static str> {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines();
    let mut newest = None;
    // Versions of a package stand in order.
    while lines.any(|line| line == name) {
        newest = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"');
    }
    newest
}

/// Today, as year-month-day, by the system's clock (UTC).
pub fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    date(now.map_or(0, |since| since.as_secs() / 86_400))
}

/// The date so many days after the first of January 1970.
fn date(days: u64) -> String {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_779), "2026-11-22");
        assert_eq!(date(20_818), "2026-12-31");
    }

    #[test]
    fn every_peer_has_a_version_in_the_lock_file() {
        for package in crate::engines::ALL.iter().filter_map(|entry| entry.package) {
            assert!(version(package).is_some_and(|it| it.contains('.')), "{package}");
        }
        assert_eq!(version("no such package"), None);
    }
}
