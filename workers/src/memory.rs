//! What the C library does with the memory of pages and blocks: large, and gone after moments.

/// To be called first. By itself the C library keeps a heap for each thread, and each keeps what the largest page left in it: at a
/// first load the extractor's peak is 97 MB so, and 67 MB with one heap for all. To give each block back to the kernel at once
/// (`M_MMAP_THRESHOLD`) takes it down to 55 MB and costs a fifth of its CPU.
#[cfg(target_env = "gnu")]
#[allow(unsafe_code, reason = "the C library is told by a call of its own")]
pub fn share_one_heap() {
    // SAFETY: it takes two numbers and touches no memory of ours. 0 would mean that it knows no such setting.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Other C libraries have one heap anyway.
#[cfg(not(target_env = "gnu"))]
pub fn share_one_heap() {}
