import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "edgegate";
import { memoryUsers, SECRET_KEY } from "./users.ts";

const password = "correct horse";
const settings = { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" };

// The wasm has no Unicode tables: these operations are those of the platform. tests/core/email.rs has the same cases.
test("each spelling of an address is one account", async () => {
  for (const [stored, ...spellings] of [
    ["Ada@example.com", "Ada@EXAMPLE.com", "Ada@example\u3002com", "Ada@\uff45xample.com"],
    ["ada@xn--mnchen-3ya.de", "ada@M\u00dcNCHEN.de", "ada@mu\u0308nchen.de", "ada@XN--MNCHEN-3YA.de"],
    ["K\u1e69@example.com", "\u212a\u1e69@example.com", "Ks\u0307\u0323@example.com"],
  ] as [string, ...string[]][]) {
    for (const first of spellings) {
      const gate = createGate(settings, memoryUsers());
      const created = await register(gate, first);
      assert.equal(created.status, 201);
      assert.equal(((await created.json()) as { email: string }).email, stored);
      for (const username of [stored, ...spellings]) {
        assert.equal((await register(gate, username)).status, 409, username);
        assert.equal((await gate.login({ username, password })).outcome, "accepted", username);
      }
    }
  }
});

test("invisible characters and domains without an ASCII form are refused at sign-up", async () => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  const invisible = ["\u00a0", "\u00ad", "\u200b", "\u202e", "\u2028", "\ufeff", "\ue000", "\u0378", "\u{e0041}"];
  const emails = invisible.flatMap((char) => [`a${char}b@example.com`, `a@exam${char}ple.com`]);
  for (const email of [...emails, "\u0301b@example.com", "a@xn--a.com", "a@a\ufffc.com", "a@a.\ufe0f.com", "a@a\uff0f.com"]) {
    assert.equal((await register(gate, email)).status, 422, JSON.stringify(email));
  }
});

test("many bad characters take one call into JavaScript, and no new regular expression", async (t) => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  assert.equal((await register(gate, "\ue000@example.com")).status, 422);
  const replaced = t.mock.method(String.prototype, "replace");
  const compiled = t.mock.method(globalThis, "RegExp");
  const many = Array.from({ length: 2000 }, (_, at) => String.fromCharCode(0xe000 + at));
  const { detail } = (await (await register(gate, `${many.join("")}@example.com`)).json()) as { detail: { msg: string }[] };
  const calls = [replaced.mock.callCount(), compiled.mock.callCount()];
  t.mock.restoreAll();
  assert.deepEqual(calls, [1, 0]);
  assert.equal(detail[0]?.msg.match(/U\+/g)?.length, many.length);
});

test("a login name is read as a whole", async () => {
  const gate = createGate(settings, memoryUsers(), { log: () => {} });
  assert.equal((await register(gate, "a@\u00e9.com")).status, 201);
  for (const end of ["/", "?x", "#", ":80", ":", "\\", "%20", "\t", "\n", " x"]) {
    const login = await gate.login({ username: `a@\u00e9.com${end}x`, password });
    assert.deepEqual(login, { outcome: "refused", reason: "unknown-user" }, end);
  }
});

function register(gate: ReturnType<typeof createGate>, email: string): Promise<Response> {
  const body = JSON.stringify({ email, password });
  return gate.fetch(new Request("http://localhost/users", { method: "POST", body, headers: { "content-type": "application/json" } }));
}
