//! Makes cargo notice a new migration: `sqlx::migrate!` embeds the folder, and a new file alone changes no source.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
