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
