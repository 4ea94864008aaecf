#![doc = include_str!("../README.md")]
#![cfg_attr(all(target_arch = "wasm32", feature = "module"), no_std)]

extern crate alloc;

pub mod limits;
mod error;
mod text;
mod argon2;
mod pbkdf2;
mod scrypt;
mod scheme;
#[cfg(all(target_arch = "wasm32", feature = "module"))]
mod module;

pub use self::{
    argon2::{Argon2, Argon2Cost, Variant, Version, hash_argon2id},
    error::Error,
    pbkdf2::Pbkdf2,
    scheme::Scheme,
    scrypt::{FirebaseScrypt, Scrypt},
};
