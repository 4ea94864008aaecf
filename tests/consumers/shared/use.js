// What every consumer does with the package: it hashes a password, logs in, verifies the token, and finds the user.

export async function use({ createGate, hashPassword, verifyToken }, { memoryUsers }) {
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: 10 };
  const password = await hashPassword("correct horse", { cost: 10 });
  const gate = createGate(settings, memoryUsers([{ email: "ada@example.com", password }]));

  const body = new URLSearchParams({ username: "ada@example.com", password: "correct horse" });
  const login = await gate.fetch(new Request("http://localhost/login", { method: "POST", body }));
  const { access_token } = await login.json();

  const verdict = await verifyToken(access_token, settings);
  const current = await gate.currentUser(`Bearer ${access_token}`);
  return `${login.status} ${verdict.outcome} ${current.user?.email}`;
}

export const WORKS = "200 accepted ada@example.com";
