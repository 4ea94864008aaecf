import { argon2id } from "@noble/hashes/argon2.js";
import { equal, parts, utf8 } from "./stored.js";

export const verify = async (password, stored) => {
  const { memory: m, passes: t, lanes: p, salt, tag } = parts(stored);
  return equal(argon2id(utf8(password), salt, { m, t, p, dkLen: tag.length }), tag);
};
