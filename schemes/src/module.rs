//! The exports of the wasm module.
//!
//! The host writes the password to [`input`] and the stored text (or the salt) behind it, at [`PASSWORD_MAX`], and calls
//! [`verify`] or [`make`]. A result below zero is an [`Error`]. Each call wipes what it has used: the input, its stack and its
//! heap.
#![expect(unsafe_code, reason = "exported names, a buffer that the host writes, and what ended calls leave behind")]

pub(crate) mod allocator;

use core::{cell::UnsafeCell, panic::PanicInfo, ptr};

use crate::{
    Argon2Cost, Error, Scheme, Version, hash_argon2id,
    limits::{PASSWORD_MAX, STORED_MAX},
};

#[repr(C)]
struct Input {
    password: [u8; PASSWORD_MAX],
    stored: [u8; STORED_MAX],
}

struct Shared(UnsafeCell<Input>);

// SAFETY: the module has one thread.
unsafe impl Sync for Shared {}

static INPUT: Shared = Shared(UnsafeCell::new(Input { password: [0; PASSWORD_MAX], stored: [0; STORED_MAX] }));

/// The numbers that the host knows the errors by.
fn code(error: Error) -> i32 {
    match error {
        Error::Unknown => -1,
        Error::Malformed => -2,
        Error::TooCostly => -3,
        Error::PasswordTooLong => -4,
        Error::NoMemory => -5,
    }
}

/// The address of the password, at most [`PASSWORD_MAX`] bytes, which the stored text follows, at most [`STORED_MAX`].
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn input() -> *mut u8 {
    INPUT.0.get().cast()
}

/// Whether the password is that of the stored text: 1 or 0.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn verify(password_length: usize, stored_length: usize) -> i32 {
    exported(&mut |input| {
        let password = input.password.get(..password_length).ok_or(Error::PasswordTooLong)?;
        Ok(read(input, stored_length)?.verify(password)?.into())
    })
}

/// Hashes the password by Argon2id with a salt of 16 bytes, which the text replaces. The result is its length.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn make(password_length: usize, memory_kib: u32, passes: u32, lanes: u32) -> i32 {
    let mut text = [0; 128];
    let length = exported(&mut |input| {
        let password = input.password.get(..password_length).ok_or(Error::PasswordTooLong)?;
        let salt = input.stored.first_chunk().ok_or(Error::Malformed)?;
        let made = hash_argon2id(password, salt, Argon2Cost::new(memory_kib, passes, lanes)?)?;
        text.get_mut(..made.len()).ok_or(Error::Malformed)?.copy_from_slice(made.as_bytes());
        Ok(made.len() as i32)
    });
    // SAFETY: no other reference to the input lives.
    if let Some(place) = unsafe { &mut *INPUT.0.get() }.stored.first_chunk_mut() {
        *place = text;
    }
    length
}

/// Reads the stored text: 1 Argon2, 2 Django, 3 Werkzeug's PBKDF2, 4 Werkzeug's scrypt, 5 better-auth, 6 Firebase. For Argon2id of
/// version 1.3 the memory in KiB, passes and lanes replace it, as three `u32`; zeros for anything else.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn describe(stored_length: usize) -> i32 {
    let mut numbers = [0; 3];
    let number = exported(&mut |input| {
        Ok(match read(input, stored_length)? {
            Scheme::Argon2(hash) => {
                if (hash.variant(), hash.version()) == (crate::Variant::Id, Version::V13) {
                    numbers = [hash.cost().memory_kib(), hash.cost().passes(), hash.cost().lanes()];
                }
                1
            }
            Scheme::Django(_) => 2,
            Scheme::WerkzeugPbkdf2(_) => 3,
            Scheme::WerkzeugScrypt(_) => 4,
            Scheme::BetterAuth(_) => 5,
            Scheme::Firebase(_) => 6,
        })
    });
    // SAFETY: no other reference to the input lives.
    if let Some(place) = unsafe { &mut *INPUT.0.get() }.stored.first_chunk_mut::<12>() {
        place.copy_from_slice(numbers.map(u32::to_le_bytes).as_flattened());
    }
    number
}

fn read(input: &Input, length: usize) -> Result<Scheme<'_>, Error> {
    let text = input.stored.get(..length).ok_or(Error::Unknown)?;
    Scheme::parse(core::str::from_utf8(text).map_err(|_| Error::Unknown)?)
}

/// Runs a call, and wipes what it leaves behind. It is called through a pointer, so that its frame has ended before the stack is wiped.
#[inline(never)]
fn exported(call: &mut dyn FnMut(&Input) -> Result<i32, Error>) -> i32 {
    // SAFETY: no reference is kept, and the host writes only between calls.
    let result = call(unsafe { &*INPUT.0.get() }).unwrap_or_else(code);
    // SAFETY: no reference to the input lives, and zeros are a valid input.
    unsafe { INPUT.0.get().write_bytes(0, 1) };
    wipe_stack();
    allocator::wipe();
    result
}

/// Overwrites what ended calls have left on the stack: all below the frame of this function. The stack begins at the lowest
/// address and grows downwards.
#[inline(never)]
fn wipe_stack() {
    let mut frame = 0u8;
    let top = (&raw mut frame).addr();
    // SAFETY: nothing lives below the frame of the function that runs. The first bytes are left out because they have the address of
    // the null pointer; a stack that reached them would have overflowed.
    unsafe { ptr::without_provenance_mut::<u8>(LOWEST).write_bytes(0, top.saturating_sub(LOWEST)) };
}

const LOWEST: usize = 16;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
