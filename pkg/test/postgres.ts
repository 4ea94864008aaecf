// A PostgreSQL server of the tests' own, on 127.0.0.1.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";

export interface PostgresServer {
  /** The URL of a database. */
  url: string;
  /** Stops the server, which closes all connections. It can be started again. */
  halt(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server in a new folder. Its data need not survive a crash of the machine, only of the server. */
export async function postgresServer(): Promise<PostgresServer> {
  const bin = programs();
  const folder = mkdtempSync(join(tmpdir(), "edgegate-postgres-"));
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync("chown", ["postgres", folder]);
  const command = (program: string, args: string[]): [string, string[]] =>
    isRoot ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", join(bin, program), ...args]] : [join(bin, program), args];
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  execFileSync(...command("initdb", ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"]), { stdio: ["ignore", "ignore", "inherit"] });
  const port = await freePort();
  // The server accepts any password; a Hyperdrive binding needs one.
  const url = `postgres://test:any@127.0.0.1:${port}/postgres`;

  let server: ChildProcess | undefined;
  const ended = async (signal: NodeJS.Signals) => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, "exit");
    server.kill(signal);
    await exit;
  };
  const start = async () => {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "full_page_writes=off"];
    const args = ["-D", data, "-p", String(port), ...settings.flatMap((one) => ["-c", one])];
    server = spawn(...command("postgres", args), { stdio: "ignore" });
    for (let attempt = 0; ; attempt += 1) {
      const client = new Client({ connectionString: url });
      client.on("error", () => {});
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (attempt === 300 || server.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  await start();
  return {
    url,
    start,
    // "Fast shutdown": transactions are aborted, and the next start needs no recovery.
    halt: () => ended("SIGINT"),
    async stop() {
      await ended("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function programs(): string {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...(process.env["PATH"] ?? "").split(":")];
  const found = folders.find((folder) => existsSync(join(folder, "initdb")));
  if (!found) throw new Error("there is no PostgreSQL server here: apt-get install postgresql (it needs no running cluster)");
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
