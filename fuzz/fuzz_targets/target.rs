//! One target under libFuzzer: that of the environment variable `EDGEGATE_FUZZ_TARGET`.

#![no_main]

use std::{env, sync::LazyLock};

use edgegate_fuzz::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("EDGEGATE_FUZZ_TARGET").unwrap_or_default();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target {name:?}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
