// Compiled with and without the libraries that declare `Request` and `Response`.

import { createGate, EdgegateError, issueToken, verifyToken, type Bearer, type UserStore, type WebResponse } from "edgegate";
import * as inline from "edgegate/inline";
import * as password from "edgegate/password";
import * as token from "edgegate/token";
import { bind } from "edgegate/slim";
import wasm from "edgegate/edgegate.wasm";
import { d1Users } from "edgegate/d1";
import { libsqlUsers } from "edgegate/libsql";
import { memoryUsers } from "edgegate/memory";
import { postgresUsers } from "edgegate/postgres";
import { sqliteUsers } from "edgegate/sqlite";
import { storeChecks } from "edgegate/store-test";

const users: UserStore = memoryUsers();
const gate = createGate({ SECRET_KEY: "x", BCRYPT_COST: 12 }, users);
const headers = { get: (name: string) => (name === "authorization" ? "Bearer x" : null) };
const request = { method: "GET", url: "http://localhost/me", headers, body: null };
const bearer: Bearer = request;

export async function use(): Promise<string> {
  bind(wasm);
  bind(new Uint8Array());
  const response: WebResponse = await gate.fetch(request);
  const current = await gate.currentUser(bearer);
  const verdict = await verifyToken<{ role: string }>(await issueToken(7, {}), {});
  const role: string = verdict.outcome === "accepted" ? verdict.claims.role : verdict.reason;
  const verified: boolean | EdgegateError | undefined = (await password.verifyPasswords([{ password: "", hash: "" }]))[0];
  // @ts-expect-error passwords are strings
  await inline.hashPassword(7);
  // @ts-expect-error tokens alone have no passwords
  token.hashPassword;
  return `${response.status} ${current.outcome} ${role} ${verified}`;
}

export const stores = [d1Users, libsqlUsers, postgresUsers, sqliteUsers, storeChecks];
