// `edgegate users`, as a process of its own, on real databases.

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { createGate, hashPassword, verifyPassword } from "edgegate";
import { postgresSchema, postgresUsers } from "edgegate/postgres";
import { schemes } from "edgegate/schemes";
import { sqliteSchema } from "edgegate/sqlite";
import { Client } from "pg";
import { postgresServer, type PostgresServer } from "./postgres.ts";
import { BCRYPT, CLI, file, folder, logsIn, ROOT, sqlite, users, worker, WRANGLER } from "./users-command.ts";

let server: PostgresServer;
before(async () => void (server = await postgresServer()));
after(() => server.stop());

const ARGON2ID = ((await schemes.hash("secret", { memory: 64, passes: 1, lanes: 1 })) as { stored: string }).stored;
const FIREBASE = (JSON.parse(readFileSync(join(ROOT, "schemes/tests/vectors/firebase.json"), "utf8")) as { stored: string; password: string }[])[0] ?? assert.fail();

const HEAD = "id,email,hashed_password,is_active,created_at\n";
const GOOD = `${HEAD}7,ada@example.com,${BCRYPT},true,2024-05-01 10:00:00+00\n9,"Grace@MÜNCHEN.de","${ARGON2ID}",f,\n`;

test("the users of a CSV file log in with their passwords, and an import can be repeated", async () => {
  const { path, rows, store } = sqlite();
  const args = ["import", file(GOOD), "--db", `sqlite:${path}`];
  const dry = users([...args, "--dry-run"]);
  assert.deepEqual([dry.status, rows()], [0, []], dry.stderr);
  assert.match(dry.stdout, /2 to import, 0 refused/);
  const { status, stdout, stderr } = users(args);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /2 imported, 0 refused/);
  assert.match(stderr, /1 {2}bcrypt, cost 10\n.*1 {2}argon2id, m=64,t=1,p=1/s);
  const [ada, grace] = rows() as unknown[][];
  assert.deepEqual(ada, [7, "ada@example.com", BCRYPT, "2024-05-01T10:00:00Z", 1, 1]);
  assert.deepEqual([grace?.slice(0, 3), grace?.[4]], [[9, "Grace@xn--mnchen-3ya.de", ARGON2ID], 0]);
  assert.deepEqual([await logsIn(store, "ADA@example.com", "secret"), await logsIn(store, "ada@example.com", "wrong"), await logsIn(store, "grace@münchen.de", "secret")], [true, false, false]);
  // A password that has changed since is newer than the file.
  const changed = await hashPassword("a new secret", { cost: 10 });
  await store.replaceHash?.({ id: 7, old: BCRYPT, new: changed });
  const again = users(args);
  assert.match(again.stdout, /0 to import, 2 there already \(1 with another hash, which was kept\), 0 refused/);
  assert.equal((rows() as unknown[][])[0]?.[2], changed);
  // The next user gets the next id.
  assert.equal((await store.insertUser?.({ email: "mary@example.com", password: BCRYPT }))?.id, 10);
});

test("a time of creation is stored as FastAPI writes it, to the microsecond", () => {
  const { path, rows } = sqlite();
  const times = ["2024-05-01 10:00:00.1234+02", "2024-05-01T10:00:00.000000Z", "2024-05-01T10:00:00.12345678Z", "1714557600123", "1714557600"];
  const lines = times.map((time, at) => `${at + 1},user${at}@example.com,${BCRYPT},true,${time}`);
  assert.equal(users(["import", file(HEAD + lines.join("\n")), "--db", `sqlite:${path}`]).status, 0);
  const stored = (rows() as unknown[][]).map((row) => row[3]);
  assert.deepEqual(stored, ["2024-05-01T08:00:00.123400Z", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00.123456Z", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"]);
});

test("what is wrong is told by line, with neither address nor hash, and nothing is stored without --partial", () => {
  const { path, rows } = sqlite();
  const bad = [
    `1,ada@example.com,${BCRYPT},true,`,
    `2,ADA@example.com,${BCRYPT},true,`,
    `1,other@example.com,${BCRYPT},true,`,
    `3,,${BCRYPT},true,`,
    "4,nobody@example.com,,true,",
    "5,md5@example.com,5f4dcc3b5aa765d61d8327deb882cf99,true,",
    `6,cost@example.com,$2b$31$${BCRYPT.slice(7)},true,`,
    `7,cut@example.com,${BCRYPT.slice(0, 50)},true,`,
    `x,id@example.com,${BCRYPT},true,`,
    `8,time@example.com,${BCRYPT},true,yesterday`,
    "9,memory@example.com,\"$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g\",true,",
    `10,nul\0@example.com,${BCRYPT},true,`,
    `11,short@example.com`,
    `12,last@example.com,${BCRYPT},true,2024-05-01T10:00:00Z`,
  ];
  const input = file(HEAD + bad.join("\n"));
  const report = join(folder, "report.ndjson");
  const { status, stdout, stderr } = users(["import", input, "--db", `sqlite:${path}`, "--report", report]);
  assert.deepEqual([status, rows()], [1, []], stderr);
  const expected = [
    [3, /same e-mail address as line 2/],
    [4, /same id as line 2/],
    [5, /no e-mail address/],
    [6, /no password hash/],
    [7, /unknown scheme/],
    [8, /bcrypt that no login can verify/],
    [9, /bcrypt that no login can verify/],
    [10, /no positive whole number/],
    [11, /a time of creation that is none/],
    [12, /takes more than a login may compute/],
    [13, /a NUL character/],
    [14, /2 fields instead of 5/],
  ] as const;
  const problems = readFileSync(report, "utf8").trim().split("\n").map((line) => JSON.parse(line) as { line: number; problem: string });
  assert.deepEqual(problems.map(({ line }) => line), expected.map(([line]) => line));
  for (const [at, [line, problem]] of expected.entries()) {
    assert.match(problems[at]?.problem ?? "", problem);
    assert.match(stderr, new RegExp(`line ${line}: .*${problem.source}`));
  }
  assert.match(stdout, /2 to import, 12 refused/);
  assert.match(stderr, /Nothing was stored\. .*--partial/);
  assert(!/@|\$2b|\$argon2/.test(stderr + readFileSync(report, "utf8")), stderr);
  const partial = users(["import", input, "--db", `sqlite:${path}`, "--partial", "--skip-without-password"]);
  assert.deepEqual([partial.status, (rows() as unknown[][]).map(([id]) => id)], [0, [1, 12]]);
  assert.match(partial.stdout, /2 imported, 1 without a password left out, 11 refused/);
});

test("a file that cannot be read is told with its line", () => {
  const { path, rows } = sqlite();
  for (const [content, message] of [
    [`${GOOD}10,"open@example.com,x`, /line \d+: the CSV is broken \(quote not closed\)/],
    [Buffer.concat([Buffer.from(GOOD), Buffer.from("10,é@example.com", "latin1"), Buffer.from(`,${BCRYPT},t,\n`)]), /line 4 is not UTF-8/],
    [Buffer.from(`\uFEFF${GOOD}`, "utf16le"), /UTF-16/],
    ["", /the file is empty/],
    ["id,id,email\n", /line 1: two columns have the same name/],
    ["[1, 2", /no JSON/],
    ['{"people": []}\n', /line 1: no e-mail address/],
  ] as const) {
    const { status, stderr } = users(["import", file(content), "--db", `sqlite:${path}`]);
    assert.match(stderr, message);
    assert.notEqual(status, 0);
  }
  assert.deepEqual(rows(), []);
  for (const [args, message] of [
    [["import"], /give either a file/],
    [["import", join(folder, "nowhere.csv")], /cannot be read: there is no such file/],
    [["import", file(GOOD), "--db", "mysql:x"], /--db is none of/],
    [["import", file(GOOD), "--db", "sqlite:nowhere.db"], /nowhere\.db does not exist/],
    [["import", file(GOOD), "--db", `sqlite:${path}`, "--table", "people"], /has no table people: apply the migrations/],
    [["import", file(GOOD), "--map", "name=x"], /the fields are id, email, password/],
    [["import", "--postgres", "postgres://user:hunter2@127.0.0.1:1/x"], /the PostgreSQL database cannot be reached: ECONNREFUSED/],
    [["import", file(GOOD), "--db", "postgres"], /DATABASE_URL is missing/],
    [["remove"], /unknown command/],
    [["stats", "--db", `sql:${join(folder, "x.sql")}`], /cannot be read/],
  ] as const) {
    const { status, stderr } = users([...args]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert(!stderr.includes("hunter2"));
  }
});

test("exports of Auth0, Clerk, Supabase, Firebase and better-auth are read as they are", async () => {
  const [, parameters = "", salt = "", hash = ""] = FIREBASE.stored.split("$").slice(1);
  const key = /sk=(.*)$/.exec(parameters)?.[1] ?? "";
  const json = (rows: object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
  const scrypt = (JSON.parse(readFileSync(join(ROOT, "schemes/tests/vectors/better-auth.json"), "utf8")) as { stored: string; password: string }[])[0] ?? assert.fail();
  const forms: [string, string, string[], [string, boolean, boolean, string]][] = [
    ["auth0.ndjson", json([{ _id: { $oid: "60425dc43519d90068f82973" }, email: "ada@example.com", email_verified: false, passwordHash: BCRYPT, password_set_date: { $date: "2021-03-05T16:34:28.502Z" }, tenant: "dev", connection: "Users" }]), [], ["60425dc43519d90068f82973", true, false, "secret"]],
    ["clerk.csv", `id,first_name,primary_email_address,password_digest,password_hasher\nuser_2x,Ada,ada@example.com,${BCRYPT},bcrypt\n`, [], ["user_2x", true, true, "secret"]],
    ["supabase.csv", `id,email,encrypted_password,email_confirmed_at,banned_until,created_at\n0d8a,ada@example.com,${BCRYPT},,2999-01-01 00:00:00+00,2024-05-01 10:00:00.123+00\n`, [], ["0d8a", false, false, "secret"]],
    ["firebase.json", JSON.stringify({ users: [{ localId: "fb1", email: "ada@example.com", emailVerified: true, passwordHash: hash.replaceAll("+", "-").replaceAll("/", "_"), salt, createdAt: "1486324445000", disabled: false }] }), ["FIREBASE_SIGNER_KEY", key], ["fb1", true, true, FIREBASE.password]],
    ["better-auth.csv", `id,email,password,emailVerified\nba1,ada@example.com,${scrypt.stored},1\n`, [], ["ba1", true, true, scrypt.password]],
  ];
  for (const [name, content, [variable = "X", value = ""], [id, isActive, isVerified, password]] of forms) {
    for (const bytes of [Buffer.from(content), gzipSync(content)]) {
      const { path, rows, store } = sqlite("text");
      const { status, stderr } = users(["import", "-", "--db", `sqlite:${path}`], { input: bytes, env: { [variable]: value } });
      assert.equal(status, 0, `${name} ${stderr}`);
      const [row] = rows() as unknown[][];
      assert.deepEqual([row?.[0], row?.[4], row?.[5]], [id, Number(isActive), Number(isVerified)], name);
      assert.equal(await logsIn(store, "ada@example.com", password), isActive, name);
    }
  }
  const { path } = sqlite("text");
  assert.match(users(["import", file(forms[3]?.[1] ?? "", "json"), "--db", `sqlite:${path}`]).stderr, /line 1: a hash of Firebase, which needs .*FIREBASE_SIGNER_KEY/);
});

test("Firebase's CSV, which has no line with names, is read as it is", async () => {
  const [, parameters = "", salt = "", hash = ""] = FIREBASE.stored.split("$").slice(1);
  const env = { FIREBASE_SIGNER_KEY: /sk=(.*)$/.exec(parameters)?.[1] ?? "" };
  // As `firebase-tools` joins the 28 columns, with a comma at the end; a quote in a name stays as it is.
  const line = (id: string, { email = `${id}@example.com`, isVerified = false, name = "", disabled = "", claims = "" } = {}) =>
    [id, email, isVerified, hash, salt, name, "https://example.com/photo", ...Array<string>(16).fill(""), "1486324445000", "1486324445001", "+4930123", disabled, claims, ""].join(",");
  const { path, rows, store } = sqlite("text");
  const lines = [
    line("fb1", { isVerified: true, name: 'Ada "the first" L' }),
    line("fb2", { name: '"Hopper, Grace"', disabled: "true", claims: '"{""role"":""admin""}"' }),
    line("fb3", { disabled: "false" }),
  ];
  const { status, stderr } = users(["import", file(lines.join("\r\n")), "--db", `sqlite:${path}`], { env });
  assert.equal(status, 0, stderr);
  assert.deepEqual((rows() as unknown[][]).map(([id, , , at, isActive, isVerified]) => [id, at, isActive, isVerified]), [
    ["fb1", "2017-02-05T19:54:05Z", 1, 1],
    ["fb2", "2017-02-05T19:54:05Z", 0, 0],
    ["fb3", "2017-02-05T19:54:05Z", 1, 0],
  ]);
  assert.deepEqual([await logsIn(store, "fb1@example.com", FIREBASE.password), await logsIn(store, "fb2@example.com", FIREBASE.password)], [true, false]);
  // The first version had no `disabled`. One who logs in by telephone has no address.
  const first = sqlite("text");
  const old = [line("fb4", { email: "" }), line("fb5"), line("fb6", { name: '"An "odd", name"' })].map((text) => text.slice(0, -2));
  const partial = users(["import", file(old.join("\n")), "--partial", "--db", `sqlite:${first.path}`], { env });
  assert.match(partial.stderr, /line 1: no e-mail address\nline 3: 28 fields instead of 27\n/);
  assert.deepEqual((first.rows() as unknown[][]).map(([id]) => id), ["fb5"]);
  // What may be something else is not guessed.
  for (const [text, message] of [
    [`fb7,ada@example.com,true,${hash},${salt},x\n`, /line 1 has a user instead of the names of the columns: .*above it; a CSV export of Firebase has 26 to 29 fields, and this line 6/],
    [`7,ada@example.com,${BCRYPT},true\n`, /line 1 has a user instead of the names of the columns: add a line such as id,email,password above it\n/],
    [`7,ada,${BCRYPT},true\n`, /line 1 has a user instead/],
  ] as const) {
    const { status, stderr } = users(["import", file(text), "--db", `sqlite:${path}`], { env });
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert(!/@|\$2b/.test(stderr), stderr);
  }
});

test("the users of Django's table log in", async () => {
  const vectors = JSON.parse(readFileSync(join(ROOT, "schemes/tests/vectors/vectors.json"), "utf8")) as { library: string; stored: string; password: string }[];
  const django = vectors.find(({ library, password }) => library === "Django" && password === "password") ?? assert.fail();
  const bcrypt = await hashPassword("secret", { cost: 10 });
  const head = "id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined";
  const line = (id: number, password: string, isActive = "t") => `${id},"${password}",2024-06-01 10:00:00.123456+00,f,user${id},Ada,L,user${id}@example.com,f,${isActive},2024-05-01 10:00:00.123456+00`;
  const good = [line(1, django.stored), line(2, `argon2${ARGON2ID}`), line(3, `bcrypt$${bcrypt}`), line(4, django.stored, "f")];
  const bad = [line(5, "!Kd9vXcRqTz0eWb3nUjY7pLs5aHf2mGo1iQx8wZtC"), line(6, `bcrypt_sha256$${bcrypt}`)];
  const { path, rows, store } = sqlite();
  const input = file([head, ...good, ...bad].join("\n"));
  const refused = users(["import", input, "--db", `sqlite:${path}`]);
  assert.match(refused.stderr, /line 6: no password hash.*\nline 7: a hash of Django's bcrypt_sha256, which no login verifies/);
  assert.equal(refused.status, 1);
  const { stdout, stderr } = users(["import", input, "--db", `sqlite:${path}`, "--skip-without-password", "--partial"]);
  assert.match(stdout, /4 imported, 1 without a password left out, 1 refused/, stderr);
  assert.deepEqual((rows() as unknown[][]).map(([id, email, , at, isActive]) => [id, email, at, isActive]), [1, 2, 3, 4].map((id) => [id, `user${id}@example.com`, "2024-05-01T10:00:00.123456Z", Number(id < 4)]));
  const passwords = ["password", "secret", "secret", "password"];
  for (const [at, password] of passwords.entries()) {
    assert.equal(await logsIn(store, `user${at + 1}@example.com`, password), at < 3);
    assert.equal(await logsIn(store, `user${at + 1}@example.com`, "wrong"), false);
  }
});

test("a large import takes little memory, and finds what is twice in it", () => {
  const { path, rows } = sqlite();
  const lines = Array.from({ length: 60_000 }, (_, at) => `${at + 1},user${at + 1}@example.com,${BCRYPT}`);
  const input = file(`id,email,password\n${lines.join("\n")}`);
  const twice = file(`id,email,password\n${lines.join("\n")}\n60001,USER3@example.com,${BCRYPT}\n50000,other@example.com,${BCRYPT}`);
  // In MB. Addresses and ids as texts, or all rows of the table, would not fit.
  const call = (...args: string[]) => users([...args, "--db", `sqlite:${path}`], { node: ["--max-old-space-size=32"] });
  const refused = call("import", twice);
  assert.match(refused.stderr, /line 60002: the same e-mail address as line 4, .*\nline 60003: the same id as line 50001\n/);
  assert.match(refused.stdout, /60,000 to import, 2 refused/);
  assert.match(call("import", input).stdout, /60,000 imported, 0 refused/);
  assert.equal(rows().length, 60_000);
  assert.match(call("import", input).stdout, /0 to import, 60,000 there already, 0 refused/);
  assert.match(call("stats").stdout, /60,000 {2}bcrypt, cost 10\n +60,000 {2}users/);
  const out = join(folder, "large.csv");
  assert.match(call("export", out).stderr, /60,000 users exported/);
  const exported = readFileSync(out, "utf8").trim().split("\n");
  assert.deepEqual([exported.length, exported[1001]?.split(",")[0], exported.at(-1)?.split(",")[0]], [60_001, "1001", "60000"]);
});

test("--overwrite gives users the hash and the state of the file, and ends their sessions", async () => {
  const [old, changed] = [BCRYPT, await hashPassword("a new secret", { cost: 10 })];
  const { path, rows, store } = sqlite();
  const database = new DatabaseSync(path);
  const session = (id: string, user: number) => database.prepare("INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at) VALUES (?, ?, 'x', 0, 0, 0, 0)").run(id, user);
  const state = () => ({
    versions: database.prepare("SELECT token_version FROM users ORDER BY id").all().map((row) => row["token_version"]),
    sessions: database.prepare("SELECT id FROM sessions ORDER BY id").all().map((row) => row["id"]),
  });
  const db = ["--db", `sqlite:${path}`];
  const first = [`1,ada@example.com,${old},true`, `2,grace@example.com,${old},true`, `3,mary@example.com,${old},false`, `4,"o'neil@example.com",${old},true`];
  assert.equal(users(["import", file(["id,email,password,is_active", ...first].join("\n")), ...db]).status, 0);
  database.exec("UPDATE users SET created_at = 'then'");
  for (const user of [1, 2, 3, 4]) session(`of ${user}`, user);
  const last = ["id,email,password,is_active", first[0], `2,GRACE@example.com,${changed},true`, `3,mary@example.com,${old},true`, `4,"o'neil@example.com",${changed},false`, `5,new@example.com,${changed},true`];
  const input = file(last.join("\n"));
  // Something is wrong in one line: nothing is overwritten.
  const before = rows();
  const wrong = users(["import", file([...last, `9,ada@example.com,${changed},true`].join("\n")), "--overwrite", ...db]);
  assert.deepEqual([wrong.status, rows()], [1, before]);
  assert.match(users(["import", file(`id,email,password\n9,grace@example.com,${changed}`), "--overwrite", ...db]).stderr, /line 2: the e-mail address is there already, with another id/);
  assert.match(users(["import", file(`id,email,password\n2,other@example.com,${changed}`), "--overwrite", ...db]).stderr, /line 2: the id is there already, with another e-mail address/);
  const dry = users(["import", input, "--overwrite", "--dry-run", ...db]);
  assert.match(dry.stdout, /1 to import, 3 to overwrite, 1 there already, 0 refused/);
  assert.deepEqual([rows(), state().sessions.length], [before, 4]);
  const { status, stdout, stderr } = users(["import", input, "--overwrite", ...db]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /1 imported, 3 overwritten, 1 there already, 0 refused/);
  const after = [
    [1, "ada@example.com", old, "then", 1, 1],
    [2, "grace@example.com", changed, "then", 1, 1],
    [3, "mary@example.com", old, "then", 1, 1],
    [4, "o'neil@example.com", changed, "then", 0, 1],
  ];
  assert.deepEqual(rows().slice(0, 4), after);
  assert.deepEqual(state(), { versions: [0, 1, 1, 1, 0], sessions: ["of 1"] });
  assert.deepEqual([await logsIn(store, "grace@example.com", "a new secret"), await logsIn(store, "grace@example.com", "secret"), await logsIn(store, "o'neil@example.com", "a new secret")], [true, false, false]);
  assert.match(users(["import", input, "--overwrite", ...db]).stdout, /0 to import, 5 there already, 0 refused/);
  assert.deepEqual(state(), { versions: [0, 1, 1, 1, 0], sessions: ["of 1"] });
  // The file does not say who is active, and has no ids of the table: users are found by their addresses.
  assert.match(users(["import", file(`id,email,password\nx,Ada@example.com,${changed}\ny,o'neil@example.com,${old}`), "--overwrite", "--new-ids", ...db]).stdout, /0 imported, 2 overwritten, 0 refused/);
  assert.deepEqual((rows() as unknown[][]).map(([, , hash, , isActive]) => [hash, isActive]), [[changed, 1], [changed, 1], [old, 1], [old, 0], [changed, 1]]);
  assert.deepEqual(state().versions, [1, 1, 1, 2, 0]);
  // A table without sessions, is_active and token_version.
  database.exec("DROP TABLE sessions; DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE COLLATE NOCASE, password TEXT)");
  database.prepare("INSERT INTO users VALUES (2, 'grace@example.com', ?)").run(old);
  assert.match(users(["import", file(last.slice(0, 3).join("\n")), "--overwrite", ...db]).stdout, /1 imported, 1 overwritten/);
  assert.match(users(["import", file(`id,email,password,is_active\n2,grace@example.com,${old},false`), "--overwrite", ...db]).stderr, /line 2: the user is not active, and the table has no column is_active/);
  assert.deepEqual(database.prepare("SELECT id, password FROM users ORDER BY id").all().map((row) => Object.values(row)), [[1, old], [2, changed]]);
});

test("--overwrite as SQL for a review changes only who differs, in SQLite and PostgreSQL, and PostgreSQL itself", async () => {
  const changed = await hashPassword("a new secret", { cost: 10 });
  const ids = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  const csv = (hash: string) => file(["id,email,password", `${ids[0]},ada@example.com,${BCRYPT}`, `${ids[1]},Grace@example.com,${hash}`, `${ids[2]},new@example.com,${hash}`].join("\n"));
  const insert = (hash: string) => [`${ids[0]}', 'ada@example.com', '${BCRYPT}', 7)`, `${ids[1]}', 'grace@example.com', '${hash}', 7)`].map((row) => `INSERT INTO users (id, email, password, token_version) VALUES ('${row};`).join("\n");
  const sessions = [0, 1].map((at) => `INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at) VALUES ('s${at}', '${ids[at]}', 'x', 0, 0, 0, 0);`).join("\n");
  const expected = [[ids[0], BCRYPT, 7, "s0"], [ids[1], changed, 8, null], [ids[2], changed, 0, null]];
  const select = "SELECT users.id, password, CAST(token_version AS integer) AS version, sessions.id AS session FROM users LEFT JOIN sessions ON user_id = users.id ORDER BY users.id";

  const { path } = sqlite("text");
  const database = new DatabaseSync(path);
  database.exec(insert(BCRYPT) + sessions);
  const sql = join(folder, "overwrite.sql");
  assert.match(users(["import", csv(changed), "--overwrite", "--db", `sql:${sql}`]).stdout, /3 written, 0 refused/);
  for (let times = 0; times < 2; times += 1) {
    database.exec(readFileSync(sql, "utf8"));
    assert.deepEqual(database.prepare(select).all().map((row) => Object.values(row)), expected);
  }
  // The id belongs to somebody else there.
  database.exec(`UPDATE users SET email = 'other@example.com', password = 'x' WHERE id = '${ids[1]}'`);
  database.exec(readFileSync(sql, "utf8"));
  assert.equal(database.prepare("SELECT password FROM users WHERE id = ?").get(ids[1] ?? "")?.["password"], "x");

  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  try {
    const schema = postgresSchema({ ids: "uuid" });
    const reset = async () => {
      await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${schema.users}${schema.sessions}${insert(BCRYPT)}${sessions}`);
    };
    const found = async () => (await admin.query({ text: select, rowMode: "array" })).rows;
    await reset();
    const text = join(folder, "overwrite-postgres.sql");
    assert.equal(users(["import", csv(changed), "--overwrite", "--db", `sql-postgres:${text}`]).status, 0);
    for (let times = 0; times < 2; times += 1) {
      await admin.query(readFileSync(text, "utf8"));
      assert.deepEqual(await found(), expected);
    }
    await reset();
    const args = ["import", csv(changed), "--overwrite", "--db", server.url];
    assert.match(users(args).stdout, /1 imported, 1 overwritten, 1 there already, 0 refused/);
    assert.deepEqual(await found(), expected);
    assert.match(users(args).stdout, /0 to import, 3 there already, 0 refused/);
  } finally {
    await admin.end();
  }
});

test("from PostgreSQL to PostgreSQL, with the ids, and without them to SQLite", async () => {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  try {
    // The table of FastAPI's template, with more rows than are fetched at once.
    await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA IF NOT EXISTS app; DROP TABLE IF EXISTS app."user";
      CREATE TABLE app."user" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(255) UNIQUE, is_active boolean NOT NULL, is_superuser boolean, full_name varchar, hashed_password varchar NOT NULL, created_at timestamptz)`);
    await admin.query(`INSERT INTO app."user" (email, is_active, hashed_password, created_at) SELECT 'user' || n || '@example.com', n <> 2, $1, now() FROM generate_series(1, 2500) AS n`, [BCRYPT]);
    const { users: table, sessions } = postgresSchema({ ids: "uuid" });
    await admin.query(table + sessions);
    const env = { DATABASE_URL: server.url, SOURCE_DATABASE_URL: server.url };
    const args = ["import", "--postgres", "-", "--from-table", "app.user", "--db", "postgres"];
    const { status, stdout, stderr } = users(args, { env });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /2,500 imported, 0 refused/);
    const differing = await admin.query(`SELECT 1 FROM app."user" AS one FULL JOIN users AS two USING (id) WHERE one.email IS DISTINCT FROM two.email OR one.hashed_password IS DISTINCT FROM two.password OR one.is_active IS DISTINCT FROM two.is_active OR one.created_at IS DISTINCT FROM two.created_at`);
    assert.equal(differing.rowCount, 0);
    assert.match(users(args, { env }).stdout, /0 to import, 2,500 there already, 0 refused/);
    const { path, rows } = sqlite();
    assert.match(users(["import", "--postgres", server.url, "--from-table", "app.user", "--db", `sqlite:${path}`]).stderr, /an id that is no positive whole number, .*--new-ids/);
    assert.equal(users(["import", "--postgres", server.url, "--from-table", "app.user", "--db", `sqlite:${path}`, "--new-ids"]).status, 0);
    assert.equal(rows().length, 2500);
    // Integer ids: the sequence goes on behind them.
    await admin.query(`DROP TABLE users CASCADE; ${postgresSchema().users}`);
    assert.equal(users(["import", file(GOOD), "--db", server.url]).status, 0);
    const inserted = await postgresUsers(admin as never).insertUser?.({ email: "mary@example.com", password: BCRYPT });
    assert.equal(Number(inserted?.id), 10);
    assert.match(users(["import", "--postgres", server.url, "--from-table", "nowhere", "--db", `sqlite:${path}`]).stderr, /the table nowhere cannot be read: there is none/);
  } finally {
    await admin.end();
  }
});

test("local D1 by wrangler, and the SQL for a review does the same", async () => {
  const { project, run } = worker();
  const missing = run([CLI, "users", "stats"]);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /has no table users: apply the migrations first.*\n\nNext: `npx wrangler d1 migrations apply DB --local`\n$/);
  const migrated = run([WRANGLER, "d1", "migrations", "apply", "DB", "--local"]);
  assert.equal(migrated.status, 0, migrated.stderr);
  // With what could end a text or a statement.
  const odd = `${GOOD}11,"o'neil;--@example.com",${BCRYPT},true,\n12,"a""b@example.com",${BCRYPT},true,\n`;
  const imported = run([CLI, "users", "import", file(odd)]);
  assert.equal(imported.status, 0, imported.stderr);
  assert.match(imported.stdout, /D1 DB \(local\): 4 imported, 0 refused/);
  const exported = run([CLI, "users", "export", "-"]);
  assert.match(exported.stdout, /^id,email,password,created_at,is_active,email_verified,token_version\n7,ada@example\.com,/);
  assert.match(exported.stdout, /\n11,o'neil;--@example\.com,.*\n12,"a""b@example\.com",/);
  assert.match(run([CLI, "users", "import", "-"], exported.stdout).stdout, /0 to import, 4 there already, 0 refused/);
  const sql = join(project, "users.sql");
  assert.match(run([CLI, "users", "import", file(odd), "--db", `sql:${sql}`]).stdout, /4 written, 0 refused/);
  assert.equal(statSync(sql).mode & 0o077, 0, "only its owner reads it");
  const { path, rows } = sqlite();
  new DatabaseSync(path).exec(readFileSync(sql, "utf8"));
  assert.deepEqual((rows() as unknown[][]).map(([, email]) => email), ["ada@example.com", "Grace@xn--mnchen-3ya.de", "o'neil;--@example.com", 'a"b@example.com']);
  assert.match(run([CLI, "users", "import", file(odd), "--db", `sql:${sql}`]).stderr, /cannot be written: it exists already/);
  const changed = odd.replace(BCRYPT, BCRYPT.slice(0, -8) + "a".repeat(7) + BCRYPT.slice(-1));
  assert.match(run([CLI, "users", "import", file(changed), "--overwrite"]).stdout, /0 imported, 1 overwritten, 3 there already, 0 refused/);
  assert.match(run([CLI, "users", "export", "-"]).stdout, /\n7,ada@example\.com,[^,]*aaaaaaa.,2024-05-01T10:00:00Z,1,1,1\n/);
  assert.match(run([CLI, "users", "import", file(changed), "--overwrite"]).stdout, /0 to import, 4 there already, 0 refused/);
  assert.match(run([CLI, "users", "disable", "ada@example.com"]).stdout, /The user 7 was disabled/);
  assert.match(run([CLI, "users", "rm", "grace@münchen.de", "--yes"]).stdout, /The user 9 was deleted/);
  assert.match(run([CLI, "users", "stats"]).stdout, /3 {2}bcrypt, cost 10\n +3 {2}users\n$/);
});

test("D1 at Cloudflare without an account or a connection: what to do next, and nothing of the file", () => {
  const project = mkdtempSync(join(folder, "worker-"));
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "wrangler.jsonc"), JSON.stringify({ name: "login", account_id: "0".repeat(32), d1_databases: [{ binding: "DB", database_name: "login", database_id: "00000000-0000-0000-0000-000000000000" }] }));
  const token = "a-token-of-the-tests-that-is-of-nobody-1";
  // Nobody listens on port 1.
  const nowhere = { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:1/client/v4" };
  for (const [db, env, message] of [
    ["d1-remote:DB", {}, /^edgegate: Cloudflare does not know who you are: run `npx wrangler login` first, or set CLOUDFLARE_API_TOKEN\n/],
    ["d1-remote:DB", nowhere, /^edgegate: Cloudflare cannot be reached: /],
    ["d1:OTHER", {}, /^edgegate: the configuration of wrangler has no D1 database OTHER: `npx wrangler d1 list` /],
    ["d1-remote:", {}, /^edgegate: d1-remote:NAME is missing/],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "users", "import", file(GOOD), "--db", db], {
      cwd: project,
      env: { PATH: process.env["PATH"], HOME: project, TMPDIR: project, ...env },
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(stderr, message);
    assert(!stderr.includes(token) && !/@|\$2b|\$argon2/.test(stderr), stderr);
  }
  assert.deepEqual(readdirSync(project).filter((name) => name === ".wrangler" || name.startsWith("edgegate-")), [], "nothing was stored, and no file is left");
});

test("D1 at Cloudflare by wrangler's own requests, to a server that answers as Cloudflare's API", async () => {
  const database = new DatabaseSync(":memory:");
  const { users: table, sessions } = sqliteSchema();
  database.exec(table + sessions);
  let [uploaded, etag, refusal]: [string, string, object | undefined] = ["", "", undefined];
  const server = createServer(async (request, response) => {
    const [body, url] = [await text(request), request.url ?? ""];
    const answer = (result: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify({ success: true, errors: [], messages: [], result }));
    if (request.method === "PUT") {
      uploaded = body;
      return response.setHeader("etag", `"${etag}"`).end();
    }
    const asked = JSON.parse(body) as { sql: string; action: string; etag: string };
    if (url.endsWith("/query")) return answer([{ results: database.prepare(asked.sql).all(), success: true, meta: {} }]);
    if (asked.action === "init") {
      etag = asked.etag;
      return answer({ success: true, upload_url: `${origin}/upload`, filename: "users.sql" });
    }
    if (refusal) return response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ success: false, errors: [refusal], result: null }));
    database.exec(uploaded);
    return answer({ success: true, type: "import", status: "complete", messages: [], result: { num_queries: 1, final_bookmark: "x", meta: { duration: 1, rows_read: 1, rows_written: 1, size_after: 1 } } });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const project = mkdtempSync(join(folder, "worker-"));
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "wrangler.jsonc"), JSON.stringify({ name: "login", account_id: "0".repeat(32), d1_databases: [{ binding: "DB", database_name: "login", database_id: "00000000-0000-0000-0000-000000000000" }] }));
  const env = { PATH: process.env["PATH"], HOME: project, CLOUDFLARE_API_TOKEN: "a-token-of-the-tests-that-is-of-nobody-1", CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` };
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [CLI, "users", ...args, "--db", "d1-remote:DB"], { cwd: project, env });
  try {
    for (const [error, message] of [
      [{ code: 7500, message: `near "ada@example.com', '${BCRYPT}": syntax error` }, /^edgegate: wrangler has failed:\n[^]*syntax error/],
      [{ code: 10000, message: "Authentication error" }, /^edgegate: Cloudflare does not know who you are: run `npx wrangler login`/],
    ] as const) {
      refusal = error;
      const { code, stderr } = await run("import", file(GOOD)).then(() => assert.fail(), (error: { code: number; stderr: string }) => error);
      assert.equal(code, 2);
      assert.match(stderr.replace(/^[^]*(?=edgegate: )/, ""), message);
      assert(!/@|\$2b/.test(stderr), stderr);
    }
    refusal = undefined;
    assert.match((await run("import", file(GOOD))).stdout, /^D1 DB \(remote\): 2 imported, 0 refused/);
    assert.deepEqual(database.prepare("SELECT id, password FROM users ORDER BY id").all().map((row) => Object.values(row)), [[7, BCRYPT], [9, ARGON2ID]]);
    assert.match((await run("import", file(GOOD))).stdout, /0 to import, 2 there already, 0 refused/);
    assert.match((await run("export", "-")).stdout, /\n7,ada@example\.com,/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("users are added, verified, disabled, enabled, deleted and exported", async () => {
  const { path, rows, store } = sqlite();
  const db = ["--db", `sqlite:${path}`];
  assert.match(users(["add", "ada@example.com", ...db], { input: "correct horse\n" }).stdout, /the user was added/);
  assert.match(users(["add", "ADA@example.com", ...db], { input: "correct horse\n" }).stderr, /there is a user with this address already/);
  assert.match(users(["add", "grace@example.com", "--argon2id", ...db], { input: "battery staple" }).stdout, /the user was added/);
  assert.match(users(["add", "x@example.com", "a password", ...db]).stderr, /must not be passed as arguments/);
  assert.match(users(["add", "x@example.com", ...db], { input: "\n" }).stderr, /standard input has no password/);
  assert.match(users(["add", "x@example.com", ...db], { input: "x".repeat(73) }).stderr, /72 bytes/);
  assert.deepEqual([await logsIn(store, "ada@example.com", "correct horse"), await logsIn(store, "grace@example.com", "battery staple")], [true, true]);
  for (const [email, password, status] of [["ada@example.com", "correct horse", 0], ["ada@example.com", "wrong", 1], ["grace@example.com", "battery staple", 0], ["grace@example.com", "wrong", 1], ["nobody@example.com", "x", 2]] as const) {
    assert.equal(users(["verify", email, ...db], { input: password }).status, status, email);
  }
  assert.equal(users(["disable", "Ada@example.com", ...db]).stdout, "The user 1 was disabled.\n");
  assert.equal(await logsIn(store, "ada@example.com", "correct horse"), false);
  assert.equal(users(["enable", "ada@example.com", ...db]).stdout, "The user 1 was enabled.\n");
  assert.equal(await logsIn(store, "ada@example.com", "correct horse"), true);
  const out = join(folder, "export.ndjson");
  assert.equal(users(["export", out, ...db]).status, 0);
  assert.equal(statSync(out).mode & 0o077, 0);
  assert.match(users(["export", out, ...db]).stderr, /it exists already/);
  const copy = sqlite();
  assert.match(users(["import", out, "--db", `sqlite:${copy.path}`]).stdout, /2 imported, 0 refused/);
  assert.deepEqual(copy.rows(), rows());
  assert.match(users(["rm", "ada@example.com", ...db]).stderr, /`--yes` confirms/);
  assert.equal(users(["rm", "ada@example.com", "--yes", ...db]).stdout, "The user 1 was deleted.\n");
  assert.match(users(["rm", "ada@example.com", "--yes", ...db]).stderr, /there is no user with this address/);
  assert.deepEqual((rows() as unknown[][]).map(([id]) => id), [2]);
  const made = users(["hash", "--cost", "10"], { input: "correct horse" }).stdout.trim();
  assert.equal(await verifyPassword("correct horse", made), true);
  assert.match(users(["hash", "--argon2id"], { input: "x" }).stdout, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
});

test("stats counts hashes by their cost, and prints a HASH_MIX of nobody's that a gate takes", async () => {
  const { path, store } = sqlite();
  const rows = [BCRYPT, BCRYPT, ARGON2ID, FIREBASE.stored].map((hash, at) => `${at + 1},user${at}@example.com,"${hash}"`);
  assert.equal(users(["import", file(`id,email,password\n${rows.join("\n")}`), "--db", `sqlite:${path}`]).status, 0);
  const { stdout } = users(["stats", "--db", `sqlite:${path}`]);
  assert.match(stdout, /2 {2}bcrypt, cost 10\n +1 {2}argon2id, m=64,t=1,p=1\n +1 {2}firebase-scrypt, n=14,r=8,p=1\n +4 {2}users\n/);
  const HASH_MIX = /HASH_MIX='(.*)'/.exec(stdout)?.[1] ?? "";
  const parts = HASH_MIX.split(" ").map((part) => part.slice(part.indexOf(":") + 1));
  assert.deepEqual(HASH_MIX.split(" ").map((part) => part.split(":")[0]), ["2", "1", "1"]);
  for (const [at, stored] of [BCRYPT, ARGON2ID, FIREBASE.stored].entries()) {
    const nobody = parts[at] ?? "";
    assert.equal(nobody.length, stored.length);
    for (const secret of stored.split("$").slice(at === 0 ? -1 : -2)) assert(!nobody.includes(secret), "no part of a hash of somebody");
    if (at > 0) assert.equal(await schemes.verify("secret", nobody), false);
  }
  assert.equal(await verifyPassword("secret", parts[0] ?? ""), false);
  const key = /sk=([^$]+)/.exec(FIREBASE.stored)?.[1] ?? assert.fail();
  assert(!HASH_MIX.includes(key), "the signer key of the project is not in it");
  createGate({ SECRET_KEY: "a secret of the tests, 32 bytes or more", HASH_MIX }, store, { schemes });
});
