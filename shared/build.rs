//! Migrations, reports and datasets are compiled in as folders: a file that is new in one of them is a reason to compile again, which
//! the compiler itself does not see.
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=../assets/reports");
    println!("cargo::rerun-if-changed=../assets/datasets");
}
