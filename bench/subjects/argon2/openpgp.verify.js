// argon2id, the npm package of OpenPGP.js.
import { equal, parts, utf8 } from "./stored.js";

export const verifier = (argon2id) => async (password, stored) => {
  const { memory, passes, lanes, salt, tag } = parts(stored);
  return equal(argon2id({ password: utf8(password), salt, memorySize: memory, passes, parallelism: lanes, tagLength: tag.length }), tag);
};
