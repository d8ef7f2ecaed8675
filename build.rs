//! Says which folders are built into the program, so that a new file in them is noticed.
#![expect(clippy::disallowed_macros, reason = "a build script speaks to cargo by printing")]

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=pages");
}
