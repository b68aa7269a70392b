//! The saved questions are compiled in: a new one must be noticed.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=../../queries");
}
