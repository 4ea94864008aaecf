// The entry for those who only hash, as for hash-wasm the file with bcrypt only.
import * as edgegate from "edgegate/password";

export const verify = edgegate.verifyPassword;
export const hash = (password, cost) => edgegate.hashPassword(password, { cost });

// Falls back to the single functions for packages without the bulk functions.
const { verifyPasswords, hashPasswords } = edgegate;
export const verifyMany = verifyPasswords && ((pairs) => verifyPasswords(pairs));
export const hashMany = hashPasswords && ((passwords, cost) => hashPasswords(passwords, { cost }));
