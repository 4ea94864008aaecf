/** The command line, or what it names, is wrong: exit status 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** The command to run next. Without one it is the help of the command that was called. */
    readonly next?: string,
  ) {
    super(message);
  }
}

/** An error of a file that cannot be read. A URL may have a password, and is not repeated. */
export function unreadable(file: string, code: string | undefined): UsageError {
  if (file.includes("://")) return new UsageError("a URL stands where a file is expected: that of a PostgreSQL database is given by `--postgres`");
  return new UsageError(`${file} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`);
}
