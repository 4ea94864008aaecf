//! The memory of the wasm module: what one hash needs, and a stack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        for argument in ["-zstack-size=65536", "--max-memory=68157440"] {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}
