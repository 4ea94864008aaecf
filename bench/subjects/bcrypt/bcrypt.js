// The synchronous functions: one thread, as in the other subjects.
import bcrypt from "bcrypt";

export const verify = async (password, hash) => bcrypt.compareSync(password, hash);
export const hash = async (password, cost) => bcrypt.hashSync(password, cost);
