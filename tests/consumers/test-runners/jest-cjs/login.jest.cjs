const { createGate, hashPassword, verifyToken } = require("edgegate");
const { memoryUsers } = require("edgegate/memory");

test("a login", async () => {
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: 10 };
  const password = await hashPassword("correct horse", { cost: 10 });
  const gate = createGate(settings, memoryUsers([{ email: "ada@example.com", password }]));
  const login = await gate.login({ username: "ada@example.com", password: "correct horse" });
  expect(await verifyToken(login.access_token, settings)).toMatchObject({ outcome: "accepted", userId: 1 });
});
