import hashWasm from "hash-wasm/dist/argon2.umd.min.js";

export const verify = (password, hash) => hashWasm.argon2Verify({ password, hash });
