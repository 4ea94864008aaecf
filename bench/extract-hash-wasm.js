// `node extract-hash-wasm.js FILE`: hash-wasm compiles its wasm from bytes at run time, which Workers forbid. This
// script writes the same bytes to a file that its subject on workerd imports as a module.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const script = readFileSync(createRequire(import.meta.url).resolve("hash-wasm/dist/bcrypt.umd.min.js"), "utf8");
const [, base64] = /name:"bcrypt",data:"([^"]+)"/.exec(script);
writeFileSync(process.argv[2], Buffer.from(base64, "base64"));
