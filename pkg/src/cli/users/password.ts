// Passwords of standard input. They are no arguments, which other users of the machine can read.

import { text } from "node:stream/consumers";
import { UsageError } from "../usage.js";

/** Asks for a password without showing it; without a terminal, it is the first line of standard input. */
export async function askPassword(question: string): Promise<string> {
  const given = process.stdin.isTTY ? await hidden(question) : ((await text(process.stdin)).split(/\r?\n/, 1)[0] ?? "");
  if (given === "") throw new UsageError("standard input has no password: its first line is one");
  return given;
}

/** The same twice: a mistyped password would be known to nobody. */
export async function askNewPassword(): Promise<string> {
  const password = await askPassword("New password: ");
  if (process.stdin.isTTY && (await askPassword("The same again: ")) !== password) throw new UsageError("the passwords are not the same: run it again");
  return password;
}

/** Waits for `yes`. Without a terminal nobody can be asked. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError("nobody can be asked without a terminal: `--yes` confirms");
  process.stderr.write(`${question} Type "yes": `);
  process.stdin.setEncoding("utf8");
  for await (const line of process.stdin) return String(line).trim() === "yes";
  return false;
}

/** What was typed after the last line that was read: who pastes two lines answers two questions. */
let ahead = "";

function hidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  // Before the question, because whoever sees it may type.
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stderr.write(question);
  return new Promise((resolve) => {
    let password = "";
    const end = () => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", read);
      stderr.write("\n");
    };
    const read = (chunk: string) => {
      // Arrows and other keys that are no characters.
      const typed = chunk.replace(/\u001b(?:\[[\d;?]*[@-~]|O.|)/g, "");
      for (const [at, character] of [...typed].entries()) {
        if (character === "\r" || character === "\n" || character === "\u0004") {
          ahead = [...typed].slice(at + 1).join("");
          end();
          return resolve(password);
        }
        if (character === "\u0003") {
          end();
          process.exit(130);
        }
        if (character === "\u007f" || character === "\b") password = Array.from(password).slice(0, -1).join("");
        else password += character;
      }
      return undefined;
    };
    stdin.on("data", read);
    stdin.resume();
    const typed = ahead;
    ahead = "";
    read(typed);
  });
}
