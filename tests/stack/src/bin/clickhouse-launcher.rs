//! Runs the ClickHouse engine of `libchdb.so` as a small server process with true HTTP and native ports.
//!
//! It prints one line `ready http=PORT tcp=PORT ms=N` when both ports answer. SIGTERM, SIGINT or SIGHUP end it
//! cleanly: rows of acknowledged inserts survive that, and SIGKILL too.
#![allow(unsafe_code, reason = "a C library, its descriptors and its signals")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "standard output says ready, standard error is the log")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;

#[derive(Debug, Parser)]
struct Arguments {
    /// The engine, `libchdb.so`.
    #[arg(long)]
    lib: PathBuf,
    #[arg(long)]
    config: PathBuf,
    /// Its data folder; config.xml finds it as CLICKHOUSE_DATA.
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    http: u16,
    /// The native port; 0 for none.
    #[arg(long, default_value_t = 0)]
    tcp: u16,
    #[arg(long, default_value = "127.0.0.1")]
    listen: String,
}

/// The writing end of the pipe that the engine's only query waits on.
static HOLD: AtomicI32 = AtomicI32::new(-1);
static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);

fn main() {
    let code = match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("clickhouse-launcher: {error:#}");
            2
        }
    };
    // SAFETY: the engine is shut down by now; its static destructors are slow and may hang.
    unsafe { libc::_exit(code) }
}

fn run(arguments: &Arguments) -> Result<c_int> {
    let start = Instant::now();
    // A taken port would answer /ping for somebody else's server: find out before the engine starts.
    for port in [arguments.http, arguments.tcp] {
        if port != 0 {
            TcpListener::bind((arguments.listen.as_str(), port)).with_context(|| format!("port {port}"))?;
        }
    }
    std::fs::create_dir_all(&arguments.data).with_context(|| format!("create {}", arguments.data.display()))?;
    let data = std::fs::canonicalize(&arguments.data)?;
    // SAFETY: no other thread exists yet.
    unsafe { std::env::set_var("CLICKHOUSE_DATA", &data) };
    let signals = block_signals();
    hold_standard_input()?;
    let ports = [arguments.http, arguments.tcp];
    std::thread::spawn(move || {
        let mut signal: c_int = 0;
        // SAFETY: the set outlives the call, which fills one integer.
        unsafe { libc::sigwait(&signals, &mut signal) };
        eprintln!("clickhouse-launcher: signal {signal}, stopping");
        let_go();
        hang_up(ports);
    });
    announce_when_ready(arguments.listen.clone(), ports, start);
    let error = engine(arguments, &data)?;
    if let Some(error) = &error {
        eprintln!("clickhouse-launcher: {error}");
    }
    // The engine reports a taken port or a locked folder in its log only and returns without an error, so that
    // "nobody asked it to stop" is the sign of a failure.
    let code = if ASKED_TO_STOP.load(Ordering::SeqCst) && error.is_none() { 0 } else { 1 };
    eprintln!("clickhouse-launcher: ended after {} ms, code {code}", start.elapsed().as_millis());
    Ok(code)
}

/// Runs the engine until its query ends; its error, if it had one.
fn engine(arguments: &Arguments, data: &std::path::Path) -> Result<Option<String>> {
    let mut query = String::from("SYSTEM START LISTEN HTTP;");
    let mut words = vec![
        "clickhouse".to_owned(),
        format!("--config-file={}", arguments.config.display()),
        format!("--path={}", data.display()),
        format!("--listen_host={}", arguments.listen),
        format!("--http_port={}", arguments.http),
        "--log-level=warning".to_owned(),
        "--input-format=LineAsString".to_owned(),
        "--structure=hold String".to_owned(),
    ];
    if arguments.tcp != 0 {
        words.push(format!("--tcp_port={}", arguments.tcp));
        query += " SYSTEM START LISTEN TCP;";
    }
    // Reads descriptor 0 until `let_go` closes its other end.
    query += " SELECT count() FROM table SETTINGS max_execution_time = 0, max_threads = 1, log_queries = 0 FORMAT Null";
    words.push(format!("--query={query}"));
    let words = words.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>()?;
    let mut argv: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());

    type CommandLine = unsafe extern "C" fn(c_int, *const *const c_char) -> *mut c_void;
    type ErrorOf = unsafe extern "C" fn(*mut c_void) -> *const c_char;
    // SAFETY: the signatures are those of chdb.h; argv outlives the call and ends with a null pointer; the result is
    // never freed, because the process ends right after.
    unsafe {
        let library =
            libloading::Library::new(&arguments.lib).with_context(|| format!("load {}", arguments.lib.display()))?;
        let command_line = library.get::<CommandLine>(b"chdb_query_cmdline\0")?;
        let error_of = library.get::<ErrorOf>(b"chdb_result_error\0")?;
        let result = command_line(c_int::try_from(words.len())?, argv.as_ptr());
        let error = if result.is_null() { std::ptr::null() } else { error_of(result) };
        let text = (!error.is_null()).then(|| CStr::from_ptr(error).to_string_lossy().into_owned());
        std::mem::forget(library);
        Ok(text)
    }
}

/// Blocks the stop signals before any thread exists: every thread of the engine inherits the mask, and only the one
/// that waits for them sees them.
fn block_signals() -> libc::sigset_t {
    // SAFETY: a zeroed set is valid for sigemptyset, which initialises it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        set
    }
}

/// Makes descriptor 0 a pipe that nothing is ever written to.
fn hold_standard_input() -> Result<()> {
    let mut pipe = [0 as c_int; 2];
    // SAFETY: plain descriptor calls on an array of two.
    unsafe {
        if libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC) != 0 || libc::dup2(pipe[0], 0) < 0 {
            bail!("no pipe: {}", std::io::Error::last_os_error());
        }
        libc::close(pipe[0]);
    }
    HOLD.store(pipe[1], Ordering::SeqCst);
    Ok(())
}

/// Ends the engine's query by giving it the end of its input.
fn let_go() {
    ASKED_TO_STOP.store(true, Ordering::SeqCst);
    let descriptor = HOLD.swap(-1, Ordering::SeqCst);
    if descriptor >= 0 {
        // SAFETY: the swap made this the only owner.
        unsafe { libc::close(descriptor) };
    }
}

/// Shuts the reading half of every client connection, so that idle ones end at once and busy ones after their answer:
/// otherwise an idle keep-alive connection holds the engine's stop for 5 s.
fn hang_up(ports: [u16; 2]) {
    for _ in 0..50 {
        for entry in std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
            let Some(descriptor) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let ours = port_of(libc::getsockname, descriptor).is_some_and(|port| port != 0 && ports.contains(&port));
            if ours && port_of(libc::getpeername, descriptor).is_some() {
                // SAFETY: at worst the descriptor is another one by now, which loses a reading half in a dying process.
                unsafe { libc::shutdown(descriptor, libc::SHUT_RD) };
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

type NameOf = unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int;

fn port_of(name_of: NameOf, descriptor: c_int) -> Option<u16> {
    // SAFETY: the storage is large enough for any address, and its length is given; the casts follow its family.
    unsafe {
        let mut address: libc::sockaddr_storage = std::mem::zeroed();
        let mut length = libc::socklen_t::try_from(size_of_val(&address)).ok()?;
        if name_of(descriptor, (&raw mut address).cast(), &mut length) != 0 {
            return None;
        }
        match c_int::from(address.ss_family) {
            libc::AF_INET => Some(u16::from_be((*(&raw const address).cast::<libc::sockaddr_in>()).sin_port)),
            libc::AF_INET6 => Some(u16::from_be((*(&raw const address).cast::<libc::sockaddr_in6>()).sin6_port)),
            _ => None,
        }
    }
}

fn announce_when_ready(listen: String, [http, tcp]: [u16; 2], start: Instant) {
    std::thread::spawn(move || {
        while !(answers_ping(&listen, http) && (tcp == 0 || TcpStream::connect((listen.as_str(), tcp)).is_ok())) {
            std::thread::sleep(Duration::from_millis(10));
        }
        println!("ready http={http} tcp={tcp} ms={}", start.elapsed().as_millis());
        let _ = std::io::stdout().flush();
    });
}

fn answers_ping(host: &str, port: u16) -> bool {
    let ask = || -> Option<String> {
        let address = (host, port).to_socket_addrs().ok()?.next()?;
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
        stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        Some(answer)
    };
    ask().is_some_and(|answer| answer.contains("Ok."))
}
