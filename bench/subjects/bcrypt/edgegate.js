import * as edgegate from "edgegate";

export const verify = edgegate.verifyPassword;
export const hash = (password, cost) => edgegate.hashPassword(password, { cost });

// The bulk calls, once the package has them; without them the single ones are measured.
const { verifyPasswords, hashPasswords } = edgegate;
export const verifyMany = verifyPasswords && ((pairs) => verifyPasswords(pairs));
export const hashMany = hashPasswords && ((passwords, cost) => hashPasswords(passwords, { cost }));
