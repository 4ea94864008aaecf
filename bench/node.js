// `node node.js SUBJECT PORT`: the kernel with one subject on Node.

import { createServer } from "node:http";
import { answer } from "./kernel.js";

const [subjectFile, port] = process.argv.slice(2);
const subject = await import(new URL(subjectFile, import.meta.url));

// The default timeout is shorter than the time between two turns of a subject.
const KEEP_ALIVE_MS = 600_000;

createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, async (request, response) => {
  const { status, text } = await answer(subject, request.url);
  response.writeHead(status, { "content-length": Buffer.byteLength(text) }).end(text);
}).listen(Number(port), "127.0.0.1");
