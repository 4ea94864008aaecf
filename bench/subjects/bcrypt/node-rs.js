// The synchronous calls: one thread, as everywhere else in the comparison.
import bcrypt from "@node-rs/bcrypt";

export const verify = async (password, hash) => bcrypt.verifySync(password, hash);
export const hash = async (password, cost) => bcrypt.hashSync(password, { cost });
