// What each entry must be able to do, for `import.js` and `require.cjs`: it logs in, verifies, hashes, and reports one line.

export async function use({ main, inline, slim, token, password, memory, wasm }) {
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: 10 };
  slim.bind(wasm);

  for (const { createGate, hashPassword, verifyToken } of [main, inline, slim]) {
    const row = { id: 7, email: "a@example.com", password: await hashPassword("secret", { cost: 10 }), created_at: "" };
    const gate = createGate(settings, memory.memoryUsers([row]), { log: () => {} });
    const body = new URLSearchParams({ username: "a@example.com", password: "secret" });
    const response = await gate.fetch(new Request("http://localhost/login", { method: "POST", body }));
    const { access_token } = await response.json();
    same([response.status, (await verifyToken(access_token, settings)).userId], [200, 7]);
    same((await gate.currentUser(`Bearer ${access_token}`)).user.email, "a@example.com");
    same((await gate.currentUser(new Request("http://localhost/", { headers: { authorization: `Bearer ${access_token}` } }))).outcome, "accepted");
  }

  const issued = await token.issueToken("ada", settings, { claims: { role: "admin" } });
  const { outcome, userId, claims } = await token.verifyToken(issued, settings);
  same([outcome, userId, claims.role], ["accepted", "ada", "admin"]);
  same((await main.verifyToken(issued, settings)).outcome, "accepted");
  same((await token.verifyToken(`${issued}x`, settings)).outcome, "refused");
  same(await code(token.verifyToken(issued, { SECRET_KEY: "short" })), "setting");
  await useKeyPair(token);

  const hashes = await password.hashPasswords(["a", "b"], { cost: 10 });
  same(await password.verifyPasswords([{ password: "a", hash: hashes[0] }, { password: "a", hash: hashes[1] }]), [true, false]);
  same(await password.verifyPassword("a", await password.hashPassword("a", { cost: 10 })), true);
  same(await code(password.hashPassword("")), "password-empty");
  return "works";
}

/** The platform signs and checks the signature. Two keys without a `kid` are tried in turn. */
async function useKeyPair({ issueToken, verifyToken }) {
  const jwk = async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    const { kty, crv, x, d } = await crypto.subtle.exportKey("jwk", privateKey);
    return { kty, crv, x, d, alg: "EdDSA" };
  };
  const keys = [await jwk(), await jwk()];
  const signed = await issueToken(7, { JWT_KEYS: JSON.stringify({ keys: [keys[1]] }) });
  same((await verifyToken(signed, { JWT_KEYS: JSON.stringify({ keys }) })).outcome, "accepted");
  same((await verifyToken(signed, { JWT_KEYS: JSON.stringify({ keys: [keys[0]] }) })).outcome, "refused");
}

const code = (promise) => promise.then(() => undefined, (error) => error.code);

function same(actual, expected) {
  const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}
