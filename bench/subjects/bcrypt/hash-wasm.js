// The file with bcrypt only, which loads faster than the package's entry with every algorithm.
import hashWasm from "hash-wasm/dist/bcrypt.umd.min.js";

export const verify = (password, hash) => hashWasm.bcryptVerify({ password, hash });
export const hash = (password, costFactor) =>
  hashWasm.bcrypt({ password, salt: crypto.getRandomValues(new Uint8Array(16)), costFactor });
