// A Worker on workerd, with the tables of the package in a local D1 database.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestHarness } from "wrangler";
import { SECRET_KEY } from "./run.mts";

const ROOT = join(import.meta.dirname, "../../..");

/** Runs a module that has a function `answer`. */
export async function onWorkerd(module: string, bindings: object = {}): Promise<{ ask(path: string, init?: RequestInit): Promise<Response>; close(): Promise<void> }> {
  // Below this folder, so that the packages are found.
  const folder = mkdtempSync(join(ROOT, "target/documents/worker-"));
  const main = join(folder, "worker.ts");
  const contents = `
    import { sqliteSchema } from "edgegate/sqlite";
    ${module}
    let tables;
    export default {
      async fetch(request, env, context) {
        tables ??= env.DB.batch(sqliteSchema().users.split(";").filter((sql) => sql.trim()).map((sql) => env.DB.prepare(sql)));
        await tables;
        return answer(request, env, context);
      },
    };`;
  writeFileSync(main, contents);
  const worker = createTestHarness({
    workers: [{
      config: {
        name: "example",
        main,
        compatibility_date: "2026-11-01",
        compatibility_flags: ["nodejs_compat"],
        d1_databases: [{ binding: "DB", database_name: "example", database_id: "00000000-0000-0000-0000-000000000000" }],
        vars: { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open" },
        ...bindings,
      },
    }],
  });
  await worker.listen();
  return {
    ask: async (path, init) => (await worker.fetch(path, init as never)) as unknown as Response,
    async close() {
      await worker.close();
      rmSync(folder, { recursive: true });
    },
  };
}
