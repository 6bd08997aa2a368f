//! Runs the programs that `./dev test` installs for the checks of manifests.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use stack::parts::Parts;

/// What a program said, and whether it was content.
pub struct Said {
    pub content: bool,
    pub output: String,
    pub errors: String,
}

/// Runs an installed program in `folder` with `input` on its standard input.
pub fn run(program: &str, folder: &Path, words: &[&str], input: &str) -> Said {
    let path = Parts::locate().tool(program);
    let tools = path.parent().expect("a folder").to_owned();
    assert!(path.is_file(), "{} is not installed: run ./dev test manifests.", path.display());
    let mut command = Command::new(path);
    command.args(words).current_dir(folder).env("GOMAXPROCS", "2");
    // skaffold asks kustomize, writes to its home and would look for a newer one of itself.
    let search = shared::env::or("PATH", "/usr/bin:/bin");
    command.env("PATH", format!("{}:{search}", tools.display()));
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("SKAFFOLD_UPDATE_CHECK", "false");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start the program");
    let mut standard_input = child.stdin.take().expect("its input");
    let input = input.to_owned();
    // From another thread: a program may answer before it has read everything.
    let writer = std::thread::spawn(move || standard_input.write_all(input.as_bytes()));
    let finished = child.wait_with_output().expect("the program's end");
    let _ = writer.join();
    Said {
        content: finished.status.success(),
        output: String::from_utf8_lossy(&finished.stdout).into_owned(),
        errors: String::from_utf8_lossy(&finished.stderr).into_owned(),
    }
}
