//! Rebuilds when a migration is added: the embedding macro notices edits, but not new files.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
