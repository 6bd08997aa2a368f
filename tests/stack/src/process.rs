//! A child process that cannot outlive this one: own process group, a death signal from the kernel, and a stop
//! that asks first and kills after a deadline. Every real part and every binary of ours runs as one.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Of a program's log, where a test fails that runs it.
const LAST_LINES: usize = 12;

/// How to start a process: what to run, where its output goes, and how it likes to be stopped.
#[derive(Debug, Clone)]
pub struct Launch {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    folder: Option<PathBuf>,
    log: PathBuf,
    on_terminal: bool,
    stop_signal: i32,
    death_signal: i32,
    stop_within: Duration,
}

impl Launch {
    /// `name` is how people know the process; both output streams go to `log`, which each start empties.
    pub fn new(name: &str, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
            log: log.into(),
            on_terminal: false,
            stop_signal: libc::SIGTERM,
            death_signal: libc::SIGKILL,
            stop_within: Duration::from_secs(15),
        }
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    pub fn envs<N: Into<OsString>, V: Into<OsString>>(mut self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        self.env.extend(pairs.into_iter().map(|(name, value)| (name.into(), Some(value.into()))));
        self
    }

    /// Keeps a variable of this process from the child.
    pub fn without_env(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Lets it write to this process's own standard output and error instead of the log.
    pub fn on_terminal(mut self) -> Self {
        self.on_terminal = true;
        self
    }

    /// What an orderly stop sends (default SIGTERM).
    pub fn stop_signal(mut self, signal: i32) -> Self {
        self.stop_signal = signal;
        self
    }

    /// What the kernel sends when this process dies (default SIGKILL).
    pub fn death_signal(mut self, signal: i32) -> Self {
        self.death_signal = signal;
        self
    }

    /// How long an orderly stop may take before the whole process group is killed (default 15 s).
    pub fn stop_within(mut self, deadline: Duration) -> Self {
        self.stop_within = deadline;
        self
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::null()).process_group(0);
        if !self.on_terminal {
            if let Some(folder) = self.log.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
            }
            let log = std::fs::File::create(&self.log).with_context(|| format!("write {}", self.log.display()))?;
            command.stdout(log.try_clone()?).stderr(log);
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        die_with_parent(&mut command, self.death_signal);
        Ok(command)
    }

    /// Starts it; the process is stopped when the returned guard is dropped.
    pub fn start(&self) -> Result<Process> {
        let child =
            spawn(self.command()?).with_context(|| format!("start {} ({})", self.name, self.program.display()))?;
        Ok(Process { launch: self.clone(), child, ended: None })
    }
}

/// Has the kernel send `signal` to the child when the thread that starts it ends.
///
/// The signal belongs to the starting *thread*: start such a command through [`spawn`], never from a worker thread.
#[allow(unsafe_code, reason = "a death signal can only be asked for between fork and exec")]
pub fn die_with_parent(command: &mut Command, signal: i32) {
    let parent = std::process::id();
    // SAFETY: prctl, getppid and raise are async-signal-safe, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            if libc::getppid() as u32 != parent {
                libc::raise(libc::SIGKILL);
            }
            Ok(())
        });
    }
}

/// Starts a command from one thread that lives as long as this process, for the sake of death signals.
pub fn spawn(command: Command) -> std::io::Result<Child> {
    type Order = (Command, mpsc::Sender<std::io::Result<Child>>);
    static ORDERS: std::sync::LazyLock<mpsc::Sender<Order>> = std::sync::LazyLock::new(|| {
        let (orders, taken) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in taken {
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let gone = || std::io::Error::other("the thread that starts processes has ended");
    let (answer, started) = mpsc::channel();
    ORDERS.send((command, answer)).map_err(|_| gone())?;
    started.recv().map_err(|_| gone())?
}

/// A running process of ours. Dropping it stops it.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn name(&self) -> &str {
        &self.launch.name
    }

    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    /// All that it has written so far, on both streams.
    pub fn output(&self) -> String {
        std::fs::read(&self.launch.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How it ended, or nothing while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// Sends a signal to its whole process group.
    pub fn signal(&self, signal: i32) {
        if self.ended.is_none() {
            signal_group(self.id(), signal);
        }
    }

    /// Freezes it (SIGSTOP): ports stay open, nothing answers.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        self.ended = self.child.wait().ok();
    }

    /// Asks it to stop, kills it when it does not within its deadline, and leaves nobody of its group behind.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.signal(self.launch.stop_signal);
        self.signal(libc::SIGCONT);
        if self.wait(self.launch.stop_within).is_none() {
            self.kill();
        }
        signal_group(self.id(), libc::SIGKILL);
        self.ended
    }

    /// Waits for its end, at most for `deadline`.
    pub fn wait(&mut self, deadline: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + deadline;
        while self.is_running() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.ended()
    }

    /// As [`Process::wait`], without holding the thread.
    pub async fn finished(&mut self, deadline: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + deadline;
        while self.is_running() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.ended()
    }

    /// Stops it if need be, and starts it again with the same words.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        *self = self.launch.start()?;
        Ok(())
    }

    /// Waits until `ready` says yes; an early end or the deadline is an error that quotes the log's last line.
    pub async fn until_ready(&mut self, deadline: Duration, mut ready: impl AsyncFnMut(&str) -> bool) -> Result<()> {
        let until = Instant::now() + deadline;
        loop {
            if let Some(status) = self.ended() {
                bail!("{} ended before it was ready ({}){}", self.name(), describe(status), self.last_words());
            }
            let output = self.output();
            if ready(&output).await {
                return Ok(());
            }
            if Instant::now() > until {
                let seconds = deadline.as_secs();
                bail!("{} was not ready after {seconds} s{}", self.name(), self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    fn last_words(&self) -> String {
        let output = self.output();
        let last = output.lines().rev().find(|line| !line.trim().is_empty());
        let said = last.map(|line| format!("; its last words: {}", line.trim().chars().take(400).collect::<String>()));
        format!("{}. Log: {}", said.unwrap_or_default(), self.log().display())
    }
}

impl Drop for Process {
    /// A failing test tells what the program said last: its log goes with the test's folder.
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() && !self.launch.on_terminal {
            let output = self.output();
            let last: Vec<&str> = output.lines().rev().take(LAST_LINES).collect();
            eprintln!("-- the last of {}, {}:", self.name(), self.log().display());
            last.iter().rev().for_each(|line| eprintln!("{}", line.chars().take(500).collect::<String>()));
        }
    }
}

/// `exit status 1` or `signal 9`, as people say it.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
    }
}

#[allow(unsafe_code, reason = "the standard library sends no signals")]
fn signal_group(group: u32, signal: i32) {
    // SAFETY: kill takes two integers. The group is one that this process made and has not forgotten.
    unsafe { libc::kill(-(group as i32), signal) };
}

/// Sends a signal to one process; false when there is no such process.
#[allow(unsafe_code, reason = "the standard library sends no signals")]
pub fn signal_process(pid: u32, signal: i32) -> bool {
    // SAFETY: kill takes two integers.
    unsafe { libc::kill(pid as i32, signal) == 0 }
}

/// True while the process exists and is no zombie.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit(") ").next().and_then(|rest| rest.chars().next()))
        .is_some_and(|state| state != 'Z' && state != 'X')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(script: &str) -> Launch {
        let log = std::env::temp_dir().join(format!("stack-process-{}", uuid::Uuid::new_v4()));
        Launch::new("sample", "/bin/sh", log).args(["-c", script])
    }

    #[test]
    fn a_deaf_process_is_killed_after_its_deadline() {
        let mut process =
            launch("trap '' TERM; sleep 60 & wait; sleep 60").stop_within(Duration::from_millis(200)).start().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let status = process.stop().unwrap();
        assert_eq!(describe(status), "signal 9");
        assert!(!is_alive(process.id()));
        let _ = std::fs::remove_file(process.log());
    }

    #[tokio::test]
    async fn an_early_end_quotes_the_last_line_of_the_log() {
        let mut process = launch("echo port 1 is taken; exit 3").start().unwrap();
        let error = process.until_ready(Duration::from_secs(5), async |_| false).await.unwrap_err().to_string();
        assert!(error.contains("exit status 3") && error.contains("port 1 is taken"), "{error}");
        let _ = std::fs::remove_file(process.log());
    }
}
