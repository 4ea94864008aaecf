/** The command line, or what it names, is wrong: exit status 2. */
export class UsageError extends Error {}
