//! One function: the host writes the password and the salt into the buffer, 16 bytes each, and finds the tag there, 32 bytes.

static mut BUFFER: [u8; 32] = [0; 32];

#[unsafe(no_mangle)]
extern "C" fn buffer() -> *mut u8 {
    (&raw mut BUFFER).cast()
}

#[unsafe(no_mangle)]
extern "C" fn hash(memory: u32, passes: u32, lanes: u32) {
    // SAFETY: there is one thread, and the host writes between calls.
    let buffer = unsafe { &mut *(&raw mut BUFFER) };
    let mut tag = [0; 32];
    compute(&buffer[..16], &buffer[16..], memory, passes, lanes, &mut tag);
    *buffer = tag;
}

#[cfg(feature = "rustcrypto")]
fn compute(password: &[u8], salt: &[u8], memory: u32, passes: u32, lanes: u32, tag: &mut [u8]) {
    use argon2::{Algorithm, Argon2, Params, Version};

    let params = Params::new(memory, passes, lanes, Some(32)).expect("parameters in the range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(password, salt, tag).expect("memory");
}

#[cfg(feature = "port")]
fn compute(password: &[u8], salt: &[u8], memory: u32, passes: u32, lanes: u32, tag: &mut [u8]) {
    use argon2_rust::{Algorithm, Argon2, Params, Version, params::{Memory, TagLen}};

    let params = Params::builder().memory(Memory::kib(memory.into())).passes(passes).lanes(lanes).tag_len(TagLen::bytes(32));
    let params = params.build().expect("parameters in the range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_into(password, salt, tag).expect("memory");
}
