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
    fn no_port_is_handed_out_twice() {
        let ports: Vec<_> = (0..50).map(|_| super::free().unwrap()).collect();
        let once: std::collections::HashSet<_> = ports.iter().collect();
        assert_eq!(ports.len(), once.len());
    }
}
