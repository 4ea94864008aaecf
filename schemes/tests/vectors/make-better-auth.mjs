// Makes better-auth.json with the package better-auth of the benchmark:
//
//     (cd bench; npm ci); node schemes/tests/vectors/make-better-auth.mjs > schemes/tests/vectors/better-auth.json

import { hashPassword } from "../../../bench/node_modules/better-auth/dist/crypto/index.mjs";

const vectors = [];
for (const password of ["", "password", "x".repeat(200), "pässwörd", "ﬁ Ⅷ A\u030a 🔑"]) {
  vectors.push({ library: "better-auth", stored: await hashPassword(password), password });
}
console.log(JSON.stringify(vectors, undefined, 0).replaceAll("},{", "},\n{"));
