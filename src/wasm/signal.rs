//! The flags that stop the work: the host's own, and the one that workerd writes when a request's CPU time runs out.

#![expect(unsafe_code, reason = "an exported name is how workerd finds the flag")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use wasm_bindgen::prelude::*;

/// workerd looks for a global of this name, zeroes what it points to when it takes notice of the module, and writes the
/// number of `SIGXCPU` there a moment before it ends the request.
// SAFETY: no other item of the module has this name.
#[unsafe(no_mangle)]
pub static __instance_signal: AtomicU32 = AtomicU32::new(UNNOTICED);

const UNNOTICED: u32 = 0xffff;
const SIGXCPU: u32 = 24;

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Gives up the work that is done, and does none until it is called with `false`.
#[wasm_bindgen(js_name = stopWork)]
pub fn stop_work(stop: bool) {
    STOPPED.store(stop, Ordering::Relaxed);
}

/// Whether the runtime has taken notice of the module, and would say when CPU time runs out.
#[wasm_bindgen(js_name = isSignalled)]
pub fn is_signalled() -> bool {
    __instance_signal.load(Ordering::Relaxed) != UNNOTICED
}

pub(super) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed) || __instance_signal.load(Ordering::Relaxed) == SIGXCPU
}
