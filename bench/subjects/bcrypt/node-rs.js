// The synchronous functions: one thread, as in the other subjects.
import bcrypt from "@node-rs/bcrypt";

export const verify = async (password, hash) => bcrypt.verifySync(password, hash);
export const hash = async (password, cost) => bcrypt.hashSync(password, { cost });
