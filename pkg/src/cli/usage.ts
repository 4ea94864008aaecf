import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command was called wrongly: exit status 2. */
export class UsageError extends Error {}

/** The options of a command, which takes nothing else. */
export function options<T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], known: T) {
  try {
    return parseArgs({ args, options: known, allowPositionals: false }).values;
  } catch (error) {
    // What is not expected may be a token or a secret that somebody pasted: it is not repeated.
    const { code, message } = error as { code?: string; message: string };
    throw new UsageError(UNEXPECTED.get(code) ?? message);
  }
}

const UNEXPECTED = new Map<string | undefined, string>([
  ["ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", "tokens and keys are not given as arguments"],
  ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "there is no such option"],
]);
