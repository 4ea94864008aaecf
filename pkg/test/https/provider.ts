import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Settings, TokenVerdict } from "edgegate";
import type { Asked } from "./asker.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost \
//   -addext subjectAltName=DNS:localhost -keyout localhost.key.pem -out localhost.cert.pem
const CERTIFICATE = file("localhost.cert.pem");
const KEY = file("localhost.key.pem");

/** An identity provider over HTTPS: the responses by path, and the number of requests. */
export class Provider {
  readonly counts: Record<string, number> = {};
  /** The value of `Accept` of the last request. */
  accept = "";
  readonly #server: Server;
  #port = 0;

  constructor(answers: Record<string, (response: ServerResponse) => void>) {
    const certificate = { cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) };
    this.#server = createServer(certificate, ({ url = "", headers }, response) => {
      this.accept = headers.accept ?? "";
      this.counts[url] = (this.counts[url] ?? 0) + 1;
      const answer = answers[url];
      answer ? answer(response) : response.writeHead(404).end();
    });
  }

  /** The port after a restart. */
  async open(): Promise<void> {
    await once(this.#server.listen(this.#port, "localhost"), "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  settings(path: string): Settings {
    const url = `https://localhost:${this.#port}${path}`;
    return { SECRET_KEY: "a secret of the tests, 32 bytes or more", JWKS_URL: url, JWKS_ISSUER: ISSUER, JWKS_AUDIENCE: AUDIENCE };
  }
}

/** A process that verifies tokens at simulated times. */
export class Asker {
  readonly #child: ChildProcess = fork(file("asker.ts"), { env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE } });
  readonly #ended = once(this.#child, "exit").then(() => Promise.reject(new Error("the process that verifies has ended")));

  async ask(asked: Asked): Promise<TokenVerdict> {
    const answered = once(this.#child, "message");
    this.#child.send(asked);
    const [verdict] = await Promise.race([answered, this.#ended]);
    return verdict as TokenVerdict;
  }

  end(): void {
    this.#ended.catch(() => {});
    this.#child.kill();
  }
}

export const ISSUER = "https://id.example";
export const AUDIENCE = "edge";
