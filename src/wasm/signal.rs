//! The flags that stop the work: the host's own, and the one that workerd writes when a request's CPU time runs out.

#![cfg_attr(feature = "lanes", expect(unsafe_code, reason = "an exported name is how workerd finds the flag"))]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use wasm_bindgen::prelude::*;

/// workerd looks for a global exported as `__instance_signal`. It writes 0 there when it registers the module, and the
/// number of `SIGXCPU` shortly before it ends the request.
///
/// Without the feature `lanes` it is not exported: exporting a name counts as unsafe code, which is forbidden then. The
/// `bcrypt` crate cannot be stopped within a hash anyway.
// SAFETY: no other item of the module is exported by this name.
#[cfg_attr(feature = "lanes", unsafe(export_name = "__instance_signal"))]
pub static INSTANCE_SIGNAL: AtomicU32 = AtomicU32::new(UNNOTICED);

const UNNOTICED: u32 = 0xffff;
const SIGXCPU: u32 = 24;

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Stops the current work and refuses new work until it is called with `false`.
#[wasm_bindgen(js_name = stopWork)]
pub fn stop_work(stop: bool) {
    STOPPED.store(stop, Ordering::Relaxed);
}

/// Whether the runtime has registered the module and will signal when CPU time runs out.
#[wasm_bindgen(js_name = isSignalled)]
pub fn is_signalled() -> bool {
    INSTANCE_SIGNAL.load(Ordering::Relaxed) != UNNOTICED
}

pub(super) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed) || INSTANCE_SIGNAL.load(Ordering::Relaxed) == SIGXCPU
}
