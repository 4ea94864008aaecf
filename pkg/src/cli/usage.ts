import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command line is wrong: exit status 2. */
export class UsageError extends Error {}

/** Parses the options of a command. Positional arguments are refused. */
export function options<T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], known: T) {
  try {
    return parseArgs({ args, options: known, allowPositionals: false }).values;
  } catch (error) {
    // An unexpected argument may be a token or a secret, so the message does not repeat it.
    const { code, message } = error as { code?: string; message: string };
    throw new UsageError(UNEXPECTED.get(code) ?? message);
  }
}

/** Parses the options of a command with one positional argument, which is no secret. */
export function positional<T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], name: string, known: T) {
  try {
    const { values, positionals } = parseArgs({ args, options: known, allowPositionals: true });
    const [value, ...more] = positionals;
    if (value === undefined || more.length > 0) throw new UsageError(`give ${name}, and nothing else`);
    return { ...values, value };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as { code?: string; message: string };
    throw new UsageError(UNEXPECTED.get(code) ?? message);
  }
}

const UNEXPECTED = new Map<string | undefined, string>([
  ["ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", "tokens and keys must not be passed as arguments"],
  ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "unknown option"],
]);
