import { createGate, EdgegateError, type Settings } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { UsageError } from "./usage.js";

/** Makes an invitation for an e-mail address, and prints it. */
export async function invite(email: string, { minutes }: { minutes: string }): Promise<number> {
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
