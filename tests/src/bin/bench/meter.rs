//! What a process has used: CPU seconds and the peak of its memory, as the kernel counts them.

use std::fs;

/// CPU seconds (user and system, all threads) that `pid` has used so far, with its children: those of PostgreSQL do its work.
pub fn cpu_seconds(pid: u32) -> f64 {
    // Fields 14 to 17 (own, then of children that have ended), counted after the name, which may hold anything but ends at the
    // last parenthesis.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = after_name.split(' ').skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let of_children: f64 = children.split_whitespace().filter_map(|child| child.parse().ok()).map(cpu_seconds).sum();
    ticks / 100.0 + of_children // USER_HZ is 100 on every Linux that this runs on
}

/// The peak of resident memory of `pid`, in MB (10^6 bytes).
pub fn peak_mb(pid: u32) -> f64 {
    status_mb(pid, "VmHWM:")
}

/// Resident memory of `pid` now, in MB.
pub fn resident_mb(pid: u32) -> f64 {
    status_mb(pid, "VmRSS:")
}

fn status_mb(pid: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.trim().parse().ok());
    kib.map_or(0.0, |kib: f64| kib * 1024.0 / 1e6)
}

/// The value at `share` (0 to 1) of the sorted times.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * (sorted.len().saturating_sub(1)) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
