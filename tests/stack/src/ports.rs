//! Ports for stacks that share a machine.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};
use shared::env;

/// Below the range that the kernel hands to outgoing connections, so that none takes a port between choice and use.
const RANGE: (u16, u16) = (23_000, 31_999);

/// A port on 127.0.0.1 that nobody listens on and that this process has not handed out before.
/// `STACK_PORTS=27000-27999` narrows where it looks.
pub fn free() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (first, last) = range()?;
    let size = u32::from(last - first) + 1;
    let start = std::process::id().wrapping_mul(7919);
    for _ in 0..size {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % size;
        let port = first + u16::try_from(offset)?;
        if is_free(port) {
            return Ok(port);
        }
    }
    bail!("No free port between {first} and {last}: stop something, or set STACK_PORTS to another range.")
}

/// True when a server could listen on 127.0.0.1 at this port now.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// Who listens at this port, such as `postgres (pid 4711)`, where this user may see it.
pub fn holder(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| listening_inode(table, port))?;
    let socket = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbered = processes.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    numbered.into_iter().find_map(|pid| {
        let mut descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
        descriptors.find(|entry| std::fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == &*socket))?;
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(format!("{} (pid {pid})", name.trim()))
    })
}

/// The kernel's table: `sl local_address rem_address st … inode`, addresses in hex; state 0A listens.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    let text = std::fs::read_to_string(table).ok()?;
    text.lines().skip(1).find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let local = columns.get(1)?.rsplit(':').next()?;
        let listens = columns.get(3) == Some(&"0A") && u16::from_str_radix(local, 16) == Ok(port);
        listens.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    })
}

fn range() -> Result<(u16, u16)> {
    let Some(text) = env::optional("STACK_PORTS") else { return Ok(RANGE) };
    match text.split_once('-').map(|(first, last)| (first.parse(), last.parse())) {
        Some((Ok(first), Ok(last))) if first <= last && first > 0 => Ok((first, last)),
        _ => bail!("STACK_PORTS is {text:?}, which is no range such as 27000-27999."),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_holder_of_a_port_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = super::holder(listener.local_addr().unwrap().port()).unwrap();
        assert!(holder.contains(&format!("pid {}", std::process::id())), "{holder}");
    }

    #[test]
    fn no_port_is_handed_out_twice() {
        let ports: Vec<_> = (0..50).map(|_| super::free().unwrap()).collect();
        let once: std::collections::HashSet<_> = ports.iter().collect();
        assert_eq!(ports.len(), once.len());
    }
}
