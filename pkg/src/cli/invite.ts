import { createGate, EdgegateError, type Settings } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { UsageError, positional } from "./usage.js";

/** Makes an invitation for an e-mail address, and prints it. */
export async function invite(args: string[]): Promise<number> {
  const { value: email, minutes } = positional(args, "the e-mail address", { minutes: { type: "string", default: String(7 * 24 * 60) } });
  try {
    // No user is read or stored: only the keys of the settings are used.
    const { SECRET_KEY, ALGORITHM, JWT_KEYS } = process.env;
    const gate = createGate({ SECRET_KEY, ALGORITHM, JWT_KEYS } as Settings, memoryUsers());
    console.log(await gate.invite(email, { expireMinutes: Number(minutes) }));
    return 0;
  } catch (error) {
    if (error instanceof EdgegateError || error instanceof RangeError) throw new UsageError(error.message.replace("edgegate: expireMinutes", "--minutes"));
    throw error;
  }
}
