// better-auth hashes and verifies with bcrypt. Its own hashes, `salt:key` of scrypt, keep verifying until their users change them.

import { betterAuth } from "better-auth";
import { verifyPassword as verifyScrypt } from "better-auth/crypto";
import { hashPassword, verifyPassword } from "edgegate/password";

const isScrypt = (hash) => /^[0-9a-f]+:[0-9a-f]+$/.test(hash);

export const passwords = {
  hash: (password) => hashPassword(password),
  verify: ({ hash, password }) => (isScrypt(hash) ? verifyScrypt({ hash, password }) : verifyPassword(password, hash)),
};

export const auth = (database) =>
  betterAuth({
    baseURL: "http://localhost",
    secret: "a secret of the tests, 32 bytes or more",
    database,
    emailAndPassword: { enabled: true, password: passwords },
  });
