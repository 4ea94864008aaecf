// The synchronous functions: the asynchronous ones do the same work in slices.
import bcryptjs from "bcryptjs";

export const verify = async (password, hash) => bcryptjs.compareSync(password, hash);
export const hash = async (password, cost) => bcryptjs.hashSync(password, cost);
