// The gate inside wasm, and what it does at once.

import type { Turn, Vars, Gate as WasmGate } from "../wasm/edgegate.js";
import { glue } from "./glue.js";
import { Handle } from "./instance.js";
import type { Claims, TokenVerdict } from "./verdict.js";

/** The settings, by the names that FastAPI backends use; a Worker's `env` and `process.env` both fit. */
export type Settings = Vars;

/** It is made when it is first wanted, and again when its wasm instance is gone. */
export class Core {
  readonly #settings: Settings;
  #gate: Handle<WasmGate> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(begin: (gate: WasmGate, now: number) => Turn): Handle<Turn> {
    const gate = this.#live();
    return new Handle(() => gate.call((gate) => begin(gate, now())));
  }

  issueToken(userId: number): string {
    return this.#live().call((gate) => gate.issueToken(userId, now()));
  }

  verifyToken(token: string): TokenVerdict {
    const text = this.#live().call((gate) => gate.verifyToken(token, now()));
    if (!text.startsWith("{")) return { outcome: "refused", reason: text };
    return { outcome: "accepted", claims: JSON.parse(text) as Claims };
  }

  #live(): Handle<WasmGate> {
    if (!this.#gate?.isAlive) {
      this.#gate = new Handle(() => new glue.Gate((name) => this.#settings[name as keyof Settings]?.toString()));
    }
    return this.#gate;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
