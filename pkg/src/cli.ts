#!/usr/bin/env node
// The command `edgegate`. It takes no secrets as arguments, because other users of the machine can read arguments.

import { Command, CommanderError } from "commander";
import { EdgegateError } from "edgegate";
import { addInit } from "./cli/init.js";
import { inspect } from "./cli/inspect.js";
import { invite } from "./cli/invite.js";
import { keygen } from "./cli/keygen.js";
import { shadowReport } from "./cli/shadow.js";
import { UsageError } from "./cli/usage.js";
import { addUsers } from "./cli/users.js";

/** What a message of commander may not repeat. */
const MESSAGES = new Map([
  ["commander.excessArguments", "tokens, keys and passwords must not be passed as arguments"],
  ["commander.unknownCommand", "unknown command"],
  ["commander.unknownOption", "unknown option"],
]);

// Without a handler, Node prints a stack trace where the reader of a pipe has ended, or a disk is full.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") console.error(`edgegate: standard output cannot be written: ${code}\n\nNext: \`df -h\` shows which disk is full.`);
  process.exit(1);
});

const { default: manifest } = await import("../package.json", { with: { type: "json" } });
const program = command(manifest.version);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error, program);
}

function command(version: string): Command {
  const program = new Command("edgegate").description("edgegate: users, keys and tokens on the command line");
  // Errors are told below: a message of commander may repeat an argument, which may be a secret.
  program.exitOverride().configureOutput({ outputError: () => {} }).showHelpAfterError(false).showSuggestionAfterError(false);
  program.version(version, "-V, --version").helpCommand("help [command]").allowExcessArguments(false);
  addInit(program, version, exit);
  addUsers(program, exit);
  program
    .command("keygen")
    .description("makes a signing key and prints it as a JWK; instructions go to standard error")
    .option("--alg <name>", "EdDSA, HS256, HS384 or HS512", "EdDSA")
    .option("--kid <name>", "the key's id; by default its thumbprint (RFC 7638), or a random id for a secret")
    .option("--set", "prints a JWK set, the format of JWT_KEYS", false)
    .action((options: { alg: string; kid?: string; set: boolean }) => exit(keygen(options)));
  program
    .command("invite <email>")
    .description("prints an invitation, with which a user with this address can sign up (REGISTRATION=invitation)")
    .option("--minutes <n>", "how long it is valid; a week by default", String(7 * 24 * 60))
    .addHelpText("after", "\nSECRET_KEY or JWT_KEYS is read from the environment.")
    .action((email: string, options: { minutes: string }) => exit(invite(email, options)));
  program
    .command("shadow")
    .description("compares two backends (SHADOW=on)")
    .command("report <log>")
    .description("reads the log of a Worker or a server, or standard input for `-`, and says whether both backends agree; exits with 1 if they do not")
    .addHelpText("after", "\nThe log may be the output of `wrangler tail --format json`, of `wrangler dev`, or that of a server: lines of JSON.")
    .action((log: string) => exit(shadowReport(log)));
  program
    .command("token")
    .description("explains and verifies tokens")
    .command("inspect")
    .description("reads a token from standard input and explains it; with a key it also verifies it, and exits with 1 if it is refused")
    .option("--keys <file>", "a JWK set or a JWK to verify with; by default the settings in the environment, such as JWT_KEYS, SECRET_KEY and ALGORITHM")
    .action((options: { keys?: string }) => exit(inspect(options)));
  return program;
}

async function exit(status: Promise<number>): Promise<void> {
  process.exitCode = await status;
}

/** Says what is wrong, and returns the exit status. */
function tell(error: unknown, program: Command): number {
  if (error instanceof CommanderError) {
    // `--help` and `--version`; without a command, the help is an error.
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return 2;
  } else if (!(error instanceof UsageError || error instanceof EdgegateError)) {
    console.error(error);
    console.error(`\nThis is no error of the call, but of edgegate: report it with the lines above.\n\nNext: \`npx ${called(program)} --help\` shows how it is used.`);
    process.exit(1);
  }
  const text = error instanceof CommanderError ? (MESSAGES.get(error.code) ?? error.message.replace(/^error: /, "")) : error.message.replace(/^edgegate: /, "");
  const next = error instanceof UsageError ? error.next : undefined;
  console.error(`edgegate: ${text}\n\nNext: ${next === undefined ? `\`npx ${called(program)} --help\` shows how it is used.` : `\`${next}\``}`);
  return 2;
}

/** The names of the command that was called. Another argument may be a secret, and is not repeated. */
function called(program: Command): string {
  let [command, names] = [program, program.name()];
  for (const argument of process.argv.slice(2)) {
    const next = command.commands.find((next) => next.name() === argument);
    if (!next) break;
    [command, names] = [next, `${names} ${next.name()}`];
  }
  return names;
}
