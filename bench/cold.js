// `node cold.js SUBJECT`: how long a fresh process takes from loading the subject to the end of its first verification, in ms.

import hashes from "./hashes.json" with { type: "json" };

const started = performance.now();
const { verify } = await import(new URL(process.argv[2], import.meta.url));
const verdict = await verify(hashes.password, hashes["10"]);
const milliseconds = performance.now() - started;

if (verdict !== true) throw new Error("a right password is refused");
console.log(milliseconds);
