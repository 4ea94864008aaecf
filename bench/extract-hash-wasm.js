// `node extract-hash-wasm.js FILE`: hash-wasm compiles its wasm from bytes at run time, which Workers refuse. The very same
// bytes, as a module of their own, are what its subject is given on workerd.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const script = readFileSync(createRequire(import.meta.url).resolve("hash-wasm/dist/bcrypt.umd.min.js"), "utf8");
const [, base64] = /name:"bcrypt",data:"([^"]+)"/.exec(script);
writeFileSync(process.argv[2], Buffer.from(base64, "base64"));
