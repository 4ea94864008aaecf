import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command was called wrongly: exit status 2. */
export class UsageError extends Error {}

/** The options of a command, which takes nothing else. */
export function options<T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], known: T) {
  try {
    return parseArgs({ args, options: known, allowPositionals: false }).values;
  } catch (error) {
    // A positional may be a token or a secret that somebody pasted: it is not repeated.
    const positional = (error as { code?: string }).code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL";
    throw new UsageError(positional ? "tokens and keys are not given as arguments" : (error as Error).message);
  }
}
