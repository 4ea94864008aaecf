// Uses the example of the package's README.

import { hashPassword, verifyPassword } from "./passwords.js";

let turns = 0;
let isDone = false;
const count = () => {
  turns += 1;
  if (!isDone) setImmediate(count);
};
count();

const hash = await hashPassword("secret", { cost: 10 });
const verified = await Promise.all([verifyPassword("secret", hash), verifyPassword("wrong", hash)]);
const code = await hashPassword("").catch((error) => error.code);
isDone = true;

// On this thread the event loop would run a few times in all.
const works = turns > 100 && verified.join() === "true,false" && code === "password-empty";
console.log(works ? "works" : JSON.stringify({ turns, verified, code }));
