// The program that every bundler bundles, for browsers.

import * as edgegate from "edgegate";
import * as memory from "edgegate/memory";
import { hashPassword } from "edgegate/password";
import { issueToken, verifyToken } from "edgegate/token";
import { use } from "../../shared/use.js";

async function main() {
  const token = await issueToken(7, { SECRET_KEY: "a secret of the tests, 32 bytes or more" });
  const { outcome } = await verifyToken(token, { SECRET_KEY: "a secret of the tests, 32 bytes or more" });
  return `${await use(edgegate, memory)} ${outcome} ${(await hashPassword("a", { cost: 10 })).slice(0, 7)}`;
}

const report = (text) => fetch(location.hash.slice(1), { method: "POST", body: text });
main().then(report, (error) => report(String(error)));
