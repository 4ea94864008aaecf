import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command line is wrong: exit status 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses the options of a command. Positional arguments are refused. */
export function options<T extends Options>(args: string[], known: T) {
  return parsed({ args, options: known, allowPositionals: false }).values;
}

/** Parses the options of a command with one positional argument, which is no secret. */
export function positional<T extends Options>(args: string[], name: string, known: T) {
  const { values, positionals } = parsed({ args, options: known, allowPositionals: true });
  const [value, ...more] = positionals;
  if (value === undefined || more.length > 0) throw new UsageError(`give ${name}, and nothing else`);
  return { ...values, value };
}

function parsed<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    // An unexpected argument may be a token or a secret, so the message does not repeat it.
    const { code, message } = error as { code?: string; message: string };
    throw new UsageError(UNEXPECTED.get(code) ?? message);
  }
}

const UNEXPECTED = new Map<string | undefined, string>([
  ["ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", "tokens and keys must not be passed as arguments"],
  ["ERR_PARSE_ARGS_UNKNOWN_OPTION", "unknown option"],
]);
