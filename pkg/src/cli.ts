#!/usr/bin/env node
// The command `edgegate`. It takes no secrets as arguments, because other users of the machine can read arguments.

import { inspect } from "./cli/inspect.js";
import { invite } from "./cli/invite.js";
import { keygen } from "./cli/keygen.js";
import { UsageError } from "./cli/usage.js";

const HELP = `edgegate: keys and tokens on the command line

  edgegate keygen [--alg EdDSA] [--kid NAME] [--set]
      makes a signing key and prints it as a JWK; instructions go to standard error

      --alg NAME   EdDSA (the default), HS256, HS384 or HS512
      --kid NAME   the key's id; by default its thumbprint (RFC 7638), or a random id for a secret
      --set        prints a JWK set, the format of JWT_KEYS

  edgegate invite EMAIL [--minutes 10080]
      prints an invitation, with which a user with this address can sign up (REGISTRATION=invitation); SECRET_KEY or
      JWT_KEYS is read from the environment

      --minutes N  how long it is valid; a week by default

  edgegate token inspect [--keys FILE]
      reads a token from standard input and explains it; with a key it also verifies the token, and the
      exit status is 1 if the token is refused

      --keys FILE  a JWK set or a JWK to verify with; by default the settings in the environment are used,
                   such as JWT_KEYS, SECRET_KEY and ALGORITHM

  edgegate --help, edgegate --version
`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`edgegate: ${error.message}\n\n\`edgegate --help\` shows how it is used.`);
  process.exitCode = 2;
}

async function main([command, ...rest]: string[]): Promise<number> {
  switch (command) {
    case "keygen":
      return keygen(rest);
    case "invite":
      return invite(rest);
    case "token":
      if (rest[0] !== "inspect") throw new UsageError("`token` has one command: `token inspect`");
      return inspect(rest.slice(1));
    case "--version":
    case "-V":
      console.log((await import("../package.json", { with: { type: "json" } })).default.version);
      return 0;
    case "--help":
    case "-h":
    case "help":
      process.stdout.write(HELP);
      return 0;
    case undefined:
      process.stderr.write(HELP);
      return 2;
    default:
      throw new UsageError("unknown command");
  }
}
