//! Says which folders are built into the program, so that a new file in them is noticed.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=pages");
}
