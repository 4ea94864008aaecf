// `edgegate users` against files, databases and signals that would make it store something else than it says.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGate, hashPassword } from "edgegate";
import { postgresSchema, postgresUsers } from "edgegate/postgres";
import { schemes } from "edgegate/schemes";
import { sqliteUsers } from "edgegate/sqlite";
import { Client } from "pg";
import { postgresServer, type PostgresServer } from "./postgres.ts";
import { BCRYPT, CLI, file, folder, sqlite, users, usersMeanwhile, worker, WRANGLER } from "./users-command.ts";

let server: PostgresServer;
before(async () => void (server = await postgresServer()));
after(() => server.stop());

const OTHER = await hashPassword("another secret", { cost: 10 });

/** Runs with the tables of PostgreSQL. */
async function postgres(ids: "bigint" | "uuid", run: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  try {
    const schema = postgresSchema({ ids });
    await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema.users}${schema.sessions}`);
    await run(admin);
  } finally {
    await admin.end();
  }
}

const ids = async (admin: Client): Promise<string[]> => (await admin.query("SELECT id FROM users ORDER BY id")).rows.map(({ id }) => String(id));

/** Until the command waits for a lock of this connection. */
async function isWaiting(admin: Client): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { rowCount } = await admin.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()");
    if (rowCount) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("nobody waits");
}

test("local D1: what wrangler takes for a transaction, long statements, lost rows, and no hash in its logs", () => {
  const { project, run } = worker();
  assert.equal(run([WRANGLER, "d1", "migrations", "apply", "DB", "--local"]).status, 0);
  const odd = ["BEGIN TRANSACTION;COMMIT;victim@example.com", "victim@example.com", "BEGIN TRANSACTION@example.com", "x';DROP TABLE users;--@example.com"];
  const long = Array.from({ length: 900 }, (_, at) => `${"漢".repeat(78)}${at}@example.com`);
  const lines = [...odd, ...long].map((email, at) => `${at + 1},"${email}",${at === 0 ? OTHER : BCRYPT},${at === 2 ? "f" : "t"}`);
  const imported = run([CLI, "users", "import", file(`id,email,password,is_active\n${lines.join("\n")}`)]);
  assert.match(imported.stdout, /904 imported, 0 refused/, imported.stderr);
  const exported = run([CLI, "users", "export", "-"]).stdout.split("\n");
  assert.deepEqual(exported.slice(1, 5).map((line) => line.split(",").slice(0, 3)), odd.map((email, at) => [`${at + 1}`, email, at === 0 ? OTHER : BCRYPT]));
  const logs = readdirSync(project, { recursive: true, withFileTypes: true }).filter(({ name }) => name.endsWith(".log"));
  for (const { parentPath, name } of logs) assert(!readFileSync(join(parentPath, name), "utf8").includes("$2b$"), name);
  // Nobody else's row is lost in silence.
  assert.equal(run([WRANGLER, "d1", "execute", "DB", "--local", "--command", "CREATE UNIQUE INDEX one_inactive ON users (is_active) WHERE is_active = 0"]).status, 0);
  const { status, stdout, stderr } = run([CLI, "users", "import", file(`id,email,password,is_active\n2001,a@example.com,${BCRYPT},t\n2002,b@example.com,${BCRYPT},f`)]);
  assert.equal(status, 1, stderr);
  assert.match(stdout, /1 imported, 0 refused, 1 not taken by the database/);
  assert.match(stderr, /\nline 3: the database has not taken the user/);
});

test("PostgreSQL: a sequence is never set back, and the file for a review moves it as well", () =>
  postgres("bigint", async (admin) => {
    const store = postgresUsers(admin as never);
    for (const name of ["a", "b", "c", "d"]) await store.insertUser?.({ email: `${name}@example.com`, password: BCRYPT });
    await admin.query("DELETE FROM users WHERE id IN (2, 4)");
    assert.match(users(["import", file(`id,email,password\n2,e@example.com,${BCRYPT}`), "--db", server.url]).stdout, /1 imported/);
    assert.equal(Number((await store.insertUser?.({ email: "f@example.com", password: BCRYPT }))?.id), 5);
    const sql = join(folder, "sequence.sql");
    assert.equal(users(["import", file(`id,email,password\n9,g@example.com,${BCRYPT}`), "--db", `sql-postgres:${sql}`]).status, 0);
    for (let times = 0; times < 2; times += 1) await admin.query(readFileSync(sql, "utf8"));
    assert.equal(Number((await store.insertUser?.({ email: "h@example.com", password: BCRYPT }))?.id), 10);
    // A sequence that has given nothing yet: ids behind its first one, and before it.
    for (const [id, next] of [[1, 2], [7, 1000]]) {
      await admin.query(`TRUNCATE users RESTART IDENTITY CASCADE; ${id === 7 ? "ALTER TABLE users ALTER id RESTART WITH 1000" : ""}`);
      assert.equal(users(["import", file(`id,email,password\n${id},i@example.com,${BCRYPT}`), "--db", server.url]).status, 0);
      assert.equal(Number((await store.insertUser?.({ email: "j@example.com", password: BCRYPT }))?.id), next);
    }
    // Also into a table whose ids are texts.
    await admin.query("DROP TABLE sessions; DROP TABLE users; CREATE TABLE users (id text PRIMARY KEY, email text, password text, created_at text, is_active boolean, email_verified boolean, token_version bigint)");
    await admin.query(readFileSync(sql, "utf8"));
    assert.deepEqual(await ids(admin), ["9"]);
  }));

test("PostgreSQL: a backslash is itself, whatever the settings", () =>
  postgres("bigint", async (admin) => {
    await admin.query("ALTER ROLE test SET standard_conforming_strings = off");
    try {
      const email = "x\\',(SELECT 'y'),now(),true,true,0); DROP TABLE sessions; --@example.com";
      const input = file(`id,email,password\n1,"${email}",${BCRYPT}`);
      const sql = join(folder, "backslash.sql");
      assert.equal(users(["import", input, "--overwrite", "--db", `sql-postgres:${sql}`]).status, 0);
      const { stdout, stderr } = users(["import", input, "--db", server.url]);
      assert.match(stdout, /1 imported/, stderr);
      assert.match(users(["import", file(`id,email,password\n1,"${email}",${OTHER}`), "--overwrite", "--db", server.url]).stdout, /1 overwritten/);
      const other = new Client({ connectionString: server.url });
      await other.connect();
      await other.query(readFileSync(sql, "utf8")).finally(() => other.end());
      assert.deepEqual((await admin.query("SELECT email, password FROM users")).rows, [{ email, password: BCRYPT }]);
      assert.equal((await admin.query("SELECT to_regclass('sessions') IS NOT NULL AS there")).rows[0].there, true);
    } finally {
      await admin.query("ALTER ROLE test RESET standard_conforming_strings");
    }
  }));

test("PostgreSQL: lost rows undo the import, and UUIDs are the same in any letter case", () =>
  postgres("uuid", async (admin) => {
    const [one, two] = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"];
    const csv = (lines: string[]) => file(`id,email,password\n${lines.join("\n")}`);
    assert.match(users(["import", csv([`${one},a@example.com,${BCRYPT}`, `${one.toUpperCase()},b@example.com,${BCRYPT}`, `7,c@example.com,${BCRYPT}`]), "--db", server.url]).stderr, /line 3: the same id as line 2\nline 4: an id that is no UUID/);
    const upper = csv([`${one.toUpperCase()},a@example.com,${BCRYPT}`]);
    assert.match(users(["import", upper, "--db", server.url]).stdout, /1 imported/);
    assert.match(users(["import", upper, "--db", server.url]).stdout, /0 to import, 1 there already, 0 refused/);
    // Somebody signs up while the import runs.
    await admin.query("BEGIN");
    await admin.query("INSERT INTO users (email, password) VALUES ('B@example.com', 'x')");
    const importing = usersMeanwhile(["import", csv([`${two},b@example.com,${BCRYPT}`, `${two.replace("b", "c")},c@example.com,${BCRYPT}`]), "--db", server.url]);
    const watching = new Client({ connectionString: server.url });
    await watching.connect();
    await isWaiting(watching).finally(() => watching.end());
    await admin.query("COMMIT");
    const { status, stdout, stderr } = await importing;
    assert.equal(status, 1, stderr);
    assert.match(stdout, /2 to import, 0 refused, 1 not taken by the database/);
    assert.match(stderr, /line 2: the database has not taken the user: .*\nNothing was stored\./);
    assert.deepEqual((await admin.query("SELECT email FROM users ORDER BY email")).rows.map(({ email }) => email), ["a@example.com", "B@example.com"].sort());
  }));

test("PostgreSQL: accents, NULL, a column `found`, large ids, and the message of a trigger", () =>
  postgres("bigint", async (admin) => {
    // A source with ids that a double cannot hold.
    await admin.query("CREATE TABLE old (id bigint, email text, password text, found boolean, is_active boolean)");
    await admin.query("INSERT INTO old VALUES (9007199254740993, 'é@example.com', $1, true, true), (9007199254740992, 'É@example.com', $1, false, NULL)", [BCRYPT]);
    const { path, rows } = sqlite("text");
    const { stdout, stderr } = users(["import", "--postgres", server.url, "--from-table", "old", "--db", `sqlite:${path}`]);
    assert.match(stdout, /2 imported/, stderr);
    assert.deepEqual(rows().map(([id, email, , , isActive]) => [id, email, isActive]), [["9007199254740992", "É@example.com", 0], ["9007199254740993", "é@example.com", 1]]);
    await admin.query("INSERT INTO users (id, email, password) SELECT row_number() OVER (ORDER BY id), email, password FROM old");
    assert.equal(users(["disable", "é@example.com", "--db", server.url]).stdout, "The user 2 was disabled.\n");
    assert.equal(users(["rm", "É@EXAMPLE.com", "--yes", "--db", server.url]).stdout, "The user 1 was deleted.\n");
    // The table of another backend, in which letters of another case are another address.
    await admin.query(`DROP INDEX users_email; ALTER TABLE users ALTER email DROP NOT NULL; INSERT INTO users (id, email, password) VALUES (11, 'a@example.com', 'x'), (12, 'A@example.com', 'x'), (13, NULL, 'x')`);
    assert.match(users(["rm", "a@example.com", "--yes", "--db", server.url]).stderr, /there are several users with this address/);
    assert.match(users(["import", file(`id,email,password\n20,b@example.com,${BCRYPT}`), "--db", server.url]).stdout, /1 imported/);
    await admin.query(`CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for % with %', NEW.email, NEW.password; END $$; CREATE TRIGGER told BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION told()`);
    const refused = users(["import", file(`id,email,password\n21,c@example.com,${BCRYPT}`), "--db", server.url]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /^edgegate: the PostgreSQL database has refused a statement, and stored nothing of it: error P0001\n/m);
    assert(!/@|\$2b/.test(refused.stderr), refused.stderr);
  }));

test("PostgreSQL: a deletion waits for a logout of the same user, and does not refuse it", () =>
  postgres("bigint", async (admin) => {
    await admin.query("INSERT INTO users (id, email, password) VALUES (1, 'ada@example.com', 'x'); INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at) VALUES ('s', 1, 'x', 0, 0, 0, 0)");
    await admin.query("BEGIN; SELECT 1 FROM users WHERE id = 1 FOR UPDATE");
    const deleting = usersMeanwhile(["rm", "ada@example.com", "--yes", "--db", server.url]);
    const watching = new Client({ connectionString: server.url });
    await watching.connect();
    await isWaiting(watching).finally(() => watching.end());
    await admin.query("DELETE FROM sessions WHERE user_id = 1; COMMIT");
    assert.equal((await deleting).stdout, "The user 1 was deleted.\n");
  }));

test("each column that says whether a user may log in counts, and what is neither true nor false is refused", () => {
  const { path, rows } = sqlite();
  const states: [object, 0 | 1 | undefined][] = [
    [{}, 1],
    [{ is_active: null }, 0],
    [{ is_active: "" }, 1],
    ...[" TRUE ", "t", "1", "yes", "Y", "on", true, 1].map((is_active): [object, 1] => [{ is_active }, 1]),
    ...["false ", " f", "0", "no", "N", "OFF", "false\r", false, 0].map((is_active): [object, 0] => [{ is_active }, 0]),
    ...["inactive", "\\N", "NULL", "0.0", [], { a: 1 }, 2].map((is_active): [object, undefined] => [{ is_active }, undefined]),
    [{ isActive: "f" }, 0],
    [{ enabled: false }, 0],
    [{ active: "no" }, 0],
    [{ is_active: "t", enabled: "f" }, 0],
    [{ banned_until: "", deleted_at: "2020-01-01 00:00:00+00" }, 0],
    [{ disabled: false, blocked: true }, 0],
    [{ disabled: "2020-01-01T00:00:00Z" }, 0],
    [{ disabled: "perhaps" }, undefined],
    [{ banned_until: "2020-01-01 00:00:00+00" }, 1],
    [{ bannedUntil: "2999-01-01" }, 0],
    [{ banned_until: "infinity" }, 0],
    [{ IS_ACTIVE: "f" }, 0],
    [{ is_active: "t", isActive: "f" }, undefined],
    [{ email_verified: "pending" }, undefined],
  ];
  const lines = states.map(([state], at) => JSON.stringify({ id: at + 1, email: `user${at}@example.com`, password: BCRYPT, ...state }));
  const args = ["import", file(lines.join("\n"), "ndjson"), "--db", `sqlite:${path}`];
  const refused = users(args);
  assert.deepEqual([refused.status, rows()], [1, []], refused.stderr);
  for (const [at, [state, isActive]] of states.entries()) assert.equal(new RegExp(`^line ${at + 1}: `, "m").test(refused.stderr), isActive === undefined, JSON.stringify(state));
  assert.equal(users([...args, "--partial"]).status, 0);
  assert.deepEqual(new Map(rows().map(([id, , , , isActive]) => [id, isActive])), new Map(states.flatMap(([, isActive], at) => (isActive === undefined ? [] : [[at + 1, isActive]]))));
  // Line ends of two systems.
  const csv = sqlite();
  const mixed = users(["import", file(`id,email,password,state,is_active\n1,a@example.com,${BCRYPT},x,false\r\n2,b@example.com,${BCRYPT},x,true\n3,c@example.com,${BCRYPT},x,false\r`), "--db", `sqlite:${csv.path}`]);
  assert.deepEqual(csv.rows().map(([, , , , isActive]) => isActive), [0, 1, 0]);
  assert.match(mixed.stderr, /^columns that are used: id, email, password, is_active\ncolumns that are ignored: state\n/m);
  const wrong = users(["import", file(`id,email,password\n1,a@example.com,${BCRYPT}`), "--map", "isDisabled=locked", "--db", `sqlite:${path}`]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--map names a column that is not there: locked/);
});

test("ids are those of the file, or --new-ids is said", () => {
  const { path, rows } = sqlite("text");
  const db = ["--db", `sqlite:${path}`];
  const lines = [
    `{"email":"a@example.com"}`,
    `{"id":"","email":"b@example.com"}`,
    `{"id":9007199254740993,"email":"c@example.com"}`,
    `{"id":1.5,"email":"d@example.com"}`,
    `{"id":"\\ud800","email":"e@example.com"}`,
    `{"id":" ","email":"f@example.com"}`,
    `{"id":"${"x".repeat(256)}","email":"g@example.com"}`,
    `{"_id":{"$oid":"a\\u0000b"},"email":"h@example.com"}`,
    `{"ID":"kept","email":"i@example.com"}`,
  ].map((line) => line.replace(/}$/, `,"password":"${BCRYPT}"}`));
  const input = file(lines.join("\n"), "ndjson");
  const { status, stderr } = users(["import", input, ...db]);
  assert.deepEqual([status, rows()], [1, []]);
  for (const [at, message] of [/no id: `--new-ids`/, /no id: `--new-ids`/, /write it as a text/, /write it as a text/, /an id that is blank/, /an id that is blank/, /an id that is blank/, /an id that is blank/].entries()) {
    assert.match(stderr, new RegExp(`^line ${at + 1}: .*${message.source}`, "m"));
  }
  assert.match(users(["import", input, "--partial", ...db]).stdout, /1 imported, 8 refused/);
  assert.deepEqual(rows().map(([id]) => id), ["kept"]);
  const made = sqlite();
  assert.match(users(["import", file(lines.slice(0, 2).join("\n"), "ndjson"), "--new-ids", "--db", `sqlite:${made.path}`]).stdout, /2 imported/);
  assert.deepEqual(made.rows().map(([id]) => id), [1, 2]);
});

test("SQLite: a row that another one excludes undoes the import, and so does a file that changes meanwhile", () => {
  const { path, rows, database } = sqlite();
  database.exec("ALTER TABLE users ADD COLUMN shard INTEGER; CREATE UNIQUE INDEX one_inactive ON users (is_active) WHERE is_active = 0; INSERT INTO users (id, email, password) VALUES (1, 'ada@example.com', 'x')");
  const input = file(`id,email,password,is_active\n2,b@example.com,${BCRYPT},f\n3,c@example.com,${BCRYPT},f\n4,d@example.com,${BCRYPT},t`);
  const args = ["import", input, "--db", `sqlite:${path}`];
  const { status, stdout, stderr } = users(args);
  assert.deepEqual([status, rows().length], [1, 1]);
  assert.match(stdout, /3 to import, 0 refused, 1 not taken by the database/);
  assert.match(stderr, /line 3: the database has not taken the user: .*\nNothing was stored\./);
  const partial = users([...args, "--partial"]);
  assert.deepEqual([partial.status, rows().map(([id]) => id)], [1, [1, 2, 4]]);
  assert.match(partial.stdout, /2 imported, 0 refused, 1 not taken by the database/);
  const changing = file(`id,email,password\n5,e@example.com,${BCRYPT}\n6,f@example.com,${BCRYPT}`);
  // Each pass opens the file twice.
  const hook = `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
    const { createReadStream } = fs; let opened = 0;
    fs.createReadStream = (name, ...rest) => { if ((opened += 1) === 3) fs.writeFileSync(name, "id,email,password\\n7,g@example.com,${BCRYPT}"); return createReadStream(name, ...rest); };
    syncBuiltinESMExports();`;
  const changed = users(["import", changing, "--db", `sqlite:${path}`], { node: ["--import", `data:text/javascript,${encodeURIComponent(hook)}`] });
  assert.deepEqual([changed.status, rows().length], [2, 3], changed.stdout);
  assert.match(changed.stderr, /the file has changed while it was read/);
});

test("times of creation are read in one way, or refused", () => {
  const { path, rows } = sqlite();
  const times: [unknown, string | undefined][] = [
    ["2024-05-01", "2024-05-01T00:00:00Z"],
    ["2024-05-01T10:00:00", "2024-05-01T10:00:00Z"],
    ["2024-05-01 10:00:00.123456+02", "2024-05-01T08:00:00.123456Z"],
    ["2024-05-01 10:00:00 UTC", "2024-05-01T10:00:00Z"],
    ["2024-05-01T10:00:00-0330", "2024-05-01T13:30:00Z"],
    [1714557600, "2024-05-01T10:00:00Z"],
    ["1714557600123", "2024-05-01T10:00:00Z"],
    [{ $date: "2024-05-01T10:00:00Z" }, "2024-05-01T10:00:00Z"],
    ...["user 12", "3.5", "-5", "20240501", "01/05/2024", "2024-02-30", "2024-05-01T25:00:00Z", 12, {}, "infinity"].map((time): [unknown, undefined] => [time, undefined]),
  ];
  const lines = times.map(([created_at], at) => JSON.stringify({ id: at + 1, email: `user${at}@example.com`, password: BCRYPT, created_at }));
  const { stderr } = users(["import", file(lines.join("\n"), "ndjson"), "--partial", "--db", `sqlite:${path}`], { env: { TZ: "America/New_York" } });
  assert.deepEqual(rows().map(([id, , , at]) => [id, at]), times.flatMap(([, at], index) => (at === undefined ? [] : [[index + 1, at]])), stderr);
  assert.match(stderr, /line 9: a time of creation that is none, or can be read in several ways/);
});

test("tokens that were revoked stay revoked after an export and an import", async () => {
  const [old, moved] = [sqlite(), sqlite()];
  const settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", RATE_LIMIT: "off", REVOCATION: "on" };
  const of = (database: DatabaseSync) => createGate(settings, sqliteUsers(database), { log: () => {} });
  old.database.prepare("INSERT INTO users (email, password) VALUES ('ada@example.com', ?)").run(BCRYPT);
  const verdict = await of(old.database).login({ username: "ada@example.com", password: "secret" });
  assert(verdict.outcome === "accepted");
  const me = async (database: DatabaseSync) => (await of(database).fetch(new Request("https://example.com/me", { headers: { authorization: `Bearer ${verdict.access_token}` } }))).status;
  assert.equal(await me(old.database), 200);
  old.database.exec("UPDATE users SET token_version = 7");
  const out = join(folder, "versions.csv");
  assert.equal(users(["export", out, "--db", `sqlite:${old.path}`]).status, 0);
  const db = ["--db", `sqlite:${moved.path}`];
  assert.match(users(["import", out, ...db]).stdout, /1 imported/);
  assert.deepEqual([await me(old.database), await me(moved.database)], [401, 401]);
  const version = () => moved.database.prepare("SELECT token_version AS v FROM users").get()?.["v"];
  assert.equal(version(), 7);
  // Only upwards: with the same hash, with a lower version, and with none.
  const overwrite = (hash: string, given: string) => users(["import", file(`id,email,password,token_version\n1,ada@example.com,${hash},${given}`), "--overwrite", ...db]).stdout;
  for (const [hash, given, message, expected] of [
    [BCRYPT, "6", /1 there already/, 7],
    [BCRYPT, "9", /1 overwritten/, 9],
    [BCRYPT, "9", /1 there already/, 9],
    [OTHER, "3", /1 overwritten/, 10],
    [BCRYPT, "", /1 overwritten/, 11],
    [OTHER, "20", /1 overwritten/, 20],
  ] as const) {
    assert.match(overwrite(hash, given), message);
    assert.equal(version(), expected);
  }
  for (const given of ["-1", "1.5", "x", String(2 ** 31)]) assert.match(users(["import", file(`id,email,password,token_version\n2,b@example.com,${BCRYPT},${given}`), ...db]).stderr, /line 2: a token_version that is no whole number/);
  moved.database.exec("ALTER TABLE users DROP COLUMN token_version");
  assert.match(users(["import", file(`id,email,password,token_version\n2,b@example.com,${BCRYPT},1`), ...db]).stderr, /line 2: tokens of the user were revoked, and the table has no column token_version: apply migration 2/);
});

test("a signal removes the copies of hashes, and ends wrangler", async () => {
  const { project, env } = worker();
  const temporary = join(project, "tmp");
  mkdirSync(temporary);
  const closed = Promise.withResolvers<void>();
  const storing = Promise.withResolvers<void>();
  // It answers no import.
  const api = createServer(async (request, response) => {
    const body = await text(request);
    if ((request.url ?? "").endsWith("/query")) {
      const columns = ["id", "email", "password"].map((name) => ({ name, type: "integer", given: 1 }));
      return response.setHeader("content-type", "application/json").end(JSON.stringify({ success: true, errors: [], messages: [], result: [{ results: body.includes("pragma_table_info") ? columns : [], success: true, meta: {} }] }));
    }
    request.socket.on("close", () => closed.resolve());
    storing.resolve();
    return undefined;
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, [CLI, "users", "import", "-", "--db", "d1-remote:DB"], {
    cwd: project,
    env: { ...env, TMPDIR: temporary, CLOUDFLARE_API_TOKEN: "a-token-of-the-tests-that-is-of-nobody-1", CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` },
  });
  try {
    child.stdin.end(`id,email,password\n1,ada@example.com,${BCRYPT}\n`);
    await storing.promise;
    const copies = readdirSync(temporary).filter((name) => name.startsWith("edgegate-"));
    assert.equal(copies.length, 2);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [143, null]);
    assert.deepEqual(readdirSync(temporary).filter((name) => name.startsWith("edgegate-")), []);
    await closed.promise;
  } finally {
    child.kill("SIGKILL");
    api.close();
    api.closeAllConnections();
  }
});

test("D1 that fails between two parts of an import: how many users are stored", async () => {
  const { project, env } = worker();
  let [etag, parts] = ["", 0];
  const api = createServer(async (request, response) => {
    const body = await text(request);
    const answer = (result: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify({ success: true, errors: [], messages: [], result }));
    if (request.method === "PUT") return response.setHeader("etag", `"${etag}"`).end();
    const asked = JSON.parse(body) as { sql?: string; action?: string; etag: string };
    if (asked.sql !== undefined) return answer([{ results: asked.sql.includes("pragma_table_info") ? ["id", "email", "password"].map((name) => ({ name, type: "integer", given: 1 })) : [], success: true, meta: {} }]);
    if (asked.action === "init") {
      etag = asked.etag;
      return answer({ success: true, upload_url: `${origin}/upload`, filename: "users.sql" });
    }
    if ((parts += 1) === 2) return response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ success: false, errors: [{ code: 7500, message: "too busy" }], result: null }));
    return answer({ success: true, type: "import", status: "complete", messages: [], result: { num_queries: 1, final_bookmark: "x", meta: { duration: 1, rows_read: 1, rows_written: 1, size_after: 1 } } });
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  try {
    const lines = Array.from({ length: 50_001 }, (_, at) => `${at + 1},user${at}@example.com,${BCRYPT}`);
    const child = spawn(process.execPath, [CLI, "users", "import", file(`id,email,password\n${lines.join("\n")}`), "--db", "d1-remote:DB"], {
      cwd: project,
      env: { ...env, CLOUDFLARE_API_TOKEN: "a-token-of-the-tests-that-is-of-nobody-1", CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` },
    });
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    assert.equal(status, 2);
    assert.match(stderr, /edgegate: wrangler has failed:\n[^]*too busy[^]*50,000 of 50,001 users are stored\. Run the same again: it goes on with the others\./);
  } finally {
    api.close();
    api.closeAllConnections();
  }
});

test("a report is a new file that only its owner reads, and is asked for first", () => {
  const { path, rows } = sqlite();
  const input = file(`id,email,password\n1,ada@example.com,x\n`);
  const before = readFileSync(input, "utf8");
  const { status, stderr } = users(["import", input, "--report", input, "--db", `sqlite:${path}`]);
  assert.equal(status, 2);
  assert.match(stderr, /cannot be written: it exists already/);
  assert.equal(readFileSync(input, "utf8"), before);
  assert.match(users(["import", input, "--report", join(folder, "nowhere", "x"), "--db", `sqlite:${path}`]).stderr, /cannot be written: ENOENT/);
  const report = join(folder, "new-report.ndjson");
  assert.equal(users(["import", input, "--report", report, "--db", `sqlite:${path}`]).status, 1);
  assert.equal(statSync(report).mode & 0o077, 0);
  // Nothing was checked: the same can be run again.
  const unread = join(folder, "unread.ndjson");
  assert.equal(users(["import", file(""), "--report", unread, "--db", `sqlite:${path}`]).status, 2);
  assert.deepEqual([existsSync(unread), rows()], [false, []]);
});

test("pipes, compressed files that end early, long lines, folders and full disks", () => {
  const { path, rows } = sqlite();
  const db = ["--db", `sqlite:${path}`];
  const csv = `id,email,password\n1,ada@example.com,${BCRYPT}\n`;
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const writer = spawn("sh", ["-c", 'cat "$0" > "$1"', file(csv), pipe]);
  assert.match(users(["import", pipe, ...db]).stdout, /1 imported/);
  writer.kill();
  assert.equal(rows().length, 1);
  const many = Array.from({ length: 5000 }, (_, at) => `${at},user${at}@example.com,${BCRYPT}`).join("\n");
  const [full, nothing] = [sqlite(), sqlite()];
  assert.equal(users(["import", file(`id,email,password\n${many.replace(/^0,/, "5000,")}`), "--db", `sqlite:${full.path}`]).status, 0);
  const compressed = gzipSync(csv + many);
  const broken = join(folder, "broken.db");
  writeFileSync(broken, "this is no database, and is longer than its header of 100 bytes".repeat(9));
  for (const [args, message] of [
    [["import", file(compressed.subarray(0, compressed.length - 20)), ...db], /cannot be read: the end of the compressed file is missing/],
    [["import", folder, ...db], /cannot be read: it is a folder/],
    [["import", file(`id,email,password\n1,${"x".repeat(2 ** 24)}`), ...db], /line 2 has more than 16 MB/],
    [["import", file(`id,email,password\n1,"${"x\n".repeat(2 ** 24)}`), ...db], /line \d+: the CSV is broken \(max record size\)/],
    [["stats", "--db", "sqlite:."], /cannot be opened: /],
    [["stats", "--db", `sqlite:${broken}`], /has refused a statement/],
    [["stats", "--db", "postgres://u:hunter2#x@127.0.0.1/d"], /the URL of the PostgreSQL database is none|cannot be reached/],
    [["stats", "--db", "postgres://u:hunter2@127.0.0.1:99999/d"], /the URL of the PostgreSQL database is none/],
    [["stats", "--db", "postgres://u:hunter2@127.0.0.1/d?sslrootcert=/nowhere.pem"], /a file that the URL .* names does not exist/],
  ] as const) {
    const { status, stderr } = users([...args]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert(!/hunter2|\n +at /.test(stderr), stderr);
  }
  const shell = (command: string) => spawnSync("sh", ["-c", command, process.execPath, CLI, full.path], { cwd: folder, encoding: "utf8" });
  const head = shell('"$0" "$1" users export - --db "sqlite:$2" | head -n 1');
  assert.deepEqual([head.stdout, head.stderr], ["id,email,password,created_at,is_active,email_verified,token_version\n", ""]);
  for (const command of ["export -", "stats"]) {
    const { status, stderr } = shell(`"$0" "$1" users ${command} --db "sqlite:$2" > /dev/full`);
    assert.notEqual(status, 0, command);
    assert.match(stderr, /^edgegate: standard output cannot be written: ENOSPC\n/);
  }
  for (const [ending, expected] of [["csv", "id,email,password,created_at,is_active,email_verified,token_version\n"], ["ndjson", ""]] as const) {
    const out = join(folder, `nobody.${ending}`);
    assert.match(users(["export", out, "--db", `sqlite:${nothing.path}`]).stderr, /0 users exported/);
    assert.equal(readFileSync(out, "utf8"), expected);
  }
});

test("stats tells costs of all schemes apart, and its HASH_MIX is one that a gate takes", async () => {
  const { path, store, database } = sqlite();
  const hex = "ab".repeat(32);
  const tag = "K".repeat(43);
  const hashes = [
    `pbkdf2_sha256$1000$abc $${Buffer.alloc(32, 7).toString("base64")}`,
    `pbkdf2_sha256$1000000$ab'$${Buffer.alloc(32, 7).toString("base64")}`,
    `pbkdf2:sha256:2000$salt$${hex}`,
    `scrypt:16384:8:1$salt$${hex.repeat(2)}`,
    `scrypt:32768:8:1$salt$${hex.repeat(2)}`,
    `$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$${tag.slice(0, -1)}I`,
    `$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$${tag.slice(0, -1)}I`,
  ];
  const insert = database.prepare("INSERT INTO users (email, password) VALUES (?, ?)");
  for (const [at, hash] of hashes.entries()) insert.run(`user${at}@example.com`, hash);
  const { stdout } = users(["stats", "--db", `sqlite:${path}`]);
  for (const kind of ["django-pbkdf2, 1000 iterations", "django-pbkdf2, 1000000 iterations", "werkzeug-pbkdf2, 2000 iterations", "werkzeug-scrypt, 16384:8:1", "werkzeug-scrypt, 32768:8:1", "argon2, argon2i v=19 m=64,t=1,p=1", "argon2, argon2i v=19 m=64,t=2,p=1"]) {
    assert(stdout.includes(` 1  ${kind}\n`), `${kind}\n${stdout}`);
  }
  const HASH_MIX = /HASH_MIX='(.*)'\n/.exec(stdout)?.[1] ?? assert.fail();
  assert.equal(HASH_MIX.split(" ").length, hashes.length);
  assert(!HASH_MIX.includes("'"));
  createGate({ SECRET_KEY: "a secret of the tests, 32 bytes or more", HASH_MIX }, store, { schemes });
  database.exec("UPDATE users SET password = 'md5'");
  assert(!users(["stats", "--db", `sqlite:${path}`]).stdout.includes("HASH_MIX"));
});

test("a terminal: two pasted lines, arrows, and Ctrl-C; and what is no address is not added", async () => {
  const { path, rows, store } = sqlite();
  const typed = async (keys: string) => {
    const child = spawn("script", ["-qec", `"${process.execPath}" "${CLI}" users add ada@example.com --db "sqlite:${path}"`, "/dev/null"], { cwd: folder });
    const timer = setTimeout(() => child.kill(), 60_000);
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const isAsked = shown.includes("New password: ");
      shown += chunk;
      if (!isAsked && shown.includes("New password: ")) child.stdin.write(keys);
    });
    const [status] = await once(child, "exit").finally(() => clearTimeout(timer));
    return status;
  };
  assert.equal(await typed("correct\u0003"), 130);
  assert.equal(await typed("correct horse\rcorrect \u001b[Dhorse\u001bOA\r"), 0);
  assert.equal(rows().length, 1);
  const gate = createGate({ SECRET_KEY: "a secret of the tests, 32 bytes or more", RATE_LIMIT: "off" }, store, { log: () => {} });
  assert.equal((await gate.login({ username: "ada@example.com", password: "correct horse" })).outcome, "accepted");
  for (const name of ["foo", "a b@example.com"]) assert.match(users(["add", name, "--db", `sqlite:${path}`], { input: "correct horse" }).stderr, /this is no e-mail address/);
});
