// `node cold.js SUBJECT`: prints the time in ms from loading the subject to the end of its first verification, in a new
// process.

import hashes from "./hashes.json" with { type: "json" };

const started = performance.now();
const { verify } = await import(new URL(process.argv[2], import.meta.url));
const verdict = await verify(hashes.password, hashes["10"]);
const milliseconds = performance.now() - started;

if (verdict !== true) throw new Error("a right password is refused");
console.log(milliseconds);
