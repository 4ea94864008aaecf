import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";

export const gate = createGate({ REGISTRATION: "open", BCRYPT_COST: "10", SECRET_KEY: process.env.SECRET_KEY }, memoryUsers());

/** The routes below this path, and a guarded one. */
export async function answer(request, prefix) {
  const answered = await gate.fetch(request, { prefix, fallThrough: true });
  if (answered) return answered;
  const { user, response } = await gate.requireUser(request);
  return response ?? Response.json({ of: user.email });
}
