// Node's own server: the middleware for Express needs no Express.

import { createServer } from "node:http";
import { gate, requireUser, userOf } from "edgegate/express";
import { own } from "./gate.js";

const [routes, guard] = [gate(own), requireUser(own)];
const server = createServer((request, response) => {
  routes(request, response, () => {
    guard(request, response, () => response.end(JSON.stringify({ of: userOf(request).email })));
  });
});

server.listen(Number(process.env.PORT), "127.0.0.1");
