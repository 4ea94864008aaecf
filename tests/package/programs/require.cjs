const [main, inline, memory, password, slim, token] = ["", "/inline", "/memory", "/password", "/slim", "/token"].map((path) => require(`edgegate${path}`));
const { readFileSync } = require("node:fs");

const wasm = new WebAssembly.Module(readFileSync(require.resolve("edgegate/edgegate.wasm")));
import("./use.js").then(({ use }) => use({ main, inline, slim, token, password, memory, wasm })).then(console.log);
