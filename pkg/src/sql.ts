// A user store over SQL. The statements are written once, with named parameters, and a dialect says what differs.

import type { UserId, UserRow } from "../wasm/edgegate.js";
import { object } from "./argument.js";
import type { AttemptRow, AttemptStore, Columns, MailTokenStore, RotatedRow, Session, SessionStore, UserAtLogin, UserStore } from "./store.js";

/** The tables and columns of a store, where they are named or filled differently. All names are case-sensitive. */
export interface SqlOptions {
  /** The table of users; it may have a schema, as in `auth.users`. Default: `users`. */
  users?: string;
  /** The table of sessions, which only `REFRESH_TOKEN_EXPIRE_MINUTES` needs. Default: `sessions`. */
  sessions?: string;
  /** The table of failed logins and known clients, which only `LOCKOUT=on` needs. Default: `login_attempts`. */
  attempts?: string;
  /** The table of the tokens of mails, which only `PASSWORD_RECOVERY=on` needs. Default: `mail_tokens`. */
  mailTokens?: string;
  /** The table of security events, which only `AUDIT=on` needs. Default: `audit`. */
  audit?: string;
  /** The columns of the users that have other names. */
  columns?: ColumnNames;
  /**
   * Further columns of the users to read, such as `role`. `currentUser` returns them under the same names. `is_active` and `email_verified` are
   * none of them: the gate reads them for itself. Default: none.
   */
  further?: readonly string[];
  /**
   * Values of further columns for a new user, by the names of the columns: those that are `NOT NULL` and have no `DEFAULT` in the
   * database. It is called for each new user. Default: none.
   */
  newUser?: () => Record<string, unknown>;
}

/** Names of columns of the table of users. */
export interface ColumnNames {
  /** An integer or a text, such as a UUID. Default: `id`. */
  id?: string;
  /** A text. Default: `email`. */
  email?: string;
  /** A text, the hash. Default: `password`. */
  password?: string;
  /** A time or a text. `null` if the table has none: `GET /me` then returns an empty text. Default: `created_at`. */
  created_at?: string | null;
  /** An integer that is not `NULL`; only `REVOCATION=on` needs it. Default: `token_version`. */
  token_version?: string;
  /** Whether the user may log in: a truth value, an integer 0 or 1, or one of the texts `true` and `false`. All may, if there is no such column. Default: `is_active`. */
  is_active?: string;
  /**
   * Whether the address is verified: a truth value, or the time when it was. It is for `EMAIL_VERIFICATION`, which stores `FALSE` and `TRUE`.
   * All are, if there is no such column. Default: `email_verified`.
   */
  email_verified?: string;
}

/** What differs between databases. */
export interface Dialect {
  /** The mark that encloses an identifier. */
  quote: string;
  /** The parameter of this number, from 1 on, or `?` for each occurrence. */
  parameter(number: number): string;
  /** The functions that return the lesser and the greater one of two values. */
  least: string;
  greatest: string;
  /** Whether the column has this address, ignoring letter case. */
  sameEmail(column: string): string;
  /** How a column of a row is read. */
  id(column: string): string;
  createdAt(column: string): string;
  /** The value of a column that this parameter, a text, stands for in a SELECT. */
  typed(table: string, column: string, parameter: string): string;
  /** Locks the row of `users` that a SELECT reads against changes until the end of the transaction, where writers are concurrent. */
  lockUser: string;
  /** The same for a row that the transaction deletes. */
  lockDeleted: string;
  /** Leaves out the rows that another transaction is changing, where writers are concurrent: two that delete could wait for each other. */
  skipLocked: string;
  /** Two statements that need not see each other's changes; the rows of the first one are returned. */
  both(first: string, second: string): string[];
}

/** A statement for a driver, with the values of its parameters in their order. */
export interface Statement {
  sql: string;
  values: unknown[];
}

export type Row = Record<string, unknown>;

/** What a driver does. Both reject if the database fails, and change nothing then. */
export interface Driver {
  all(statement: Statement): Promise<Row[]>;
  /** Runs the statements in one transaction, each seeing what was committed before it. Returns the rows of each. */
  transaction(statements: Statement[]): Promise<Row[][]>;
}

/** A store with every optional method. */
export interface SqlStore extends UserStore {
  moveUser: NonNullable<UserStore["moveUser"]>;
  replaceHash: NonNullable<UserStore["replaceHash"]>;
  changePassword: NonNullable<UserStore["changePassword"]>;
  deleteUser: NonNullable<UserStore["deleteUser"]>;
  revokeTokens: NonNullable<UserStore["revokeTokens"]>;
  sessions: SessionStore;
  mailTokens: MailTokenStore;
  attempts: AttemptStore;
  recordEvent: NonNullable<UserStore["recordEvent"]>;
}

/** @throws {TypeError} when a name in the options is no SQL identifier of letters, digits, `_` and `$`. */
export function sqlUsers(dialect: Dialect, driver: Driver, options: SqlOptions = {}): SqlStore {
  const sql = statements(dialect, options);
  const { bind } = sql;
  const all = (text: string, values: Row) => driver.all(bind(text, values));
  const first = async (text: string, values: Row) => (await all(text, values))[0] ?? null;
  const transaction = (texts: string[], values: Row) => driver.transaction(texts.map((text) => bind(text, values)));
  const user = (text: string, values: Row) => first(text, values) as Promise<UserRow | null>;
  const both = async (texts: string[], values: Row) => (texts.length > 1 ? transaction(texts, values) : [await all(texts[0] as string, values)]);

  return {
    userByEmail: (email, columns) => user(sql.byEmail(columns), { email }),
    userById: (id, columns) => user(sql.byId(columns), { id: key(id) }),
    insertUser({ email, password, isUnverified }) {
      const further = options.newUser?.() ?? {};
      return user(sql.insertUser(Object.keys(further), isUnverified === true), { email, newEmail: email, password, ...renamed(further) });
    },
    async moveUser({ id, email, password, createdAt }) {
      const { [options.columns?.id ?? "id"]: _, [options.columns?.created_at ?? "created_at"]: __, ...further } = options.newUser?.() ?? {};
      const values = { id: key(id), email, newEmail: email, password, createdAt, ...renamed(further) };
      return (await all(sql.moveUser(Object.keys(further), createdAt !== undefined), values)).length === 1;
    },
    async replaceHash({ id, old, new: next }) {
      await all(sql.replaceHash, { id: key(id), old, next });
    },
    async changePassword({ userId, old, new: next, withSessions, withMailTokens, ...change }) {
      const texts = [
        sql.changePassword(change.tokenVersion !== undefined, change.mailToken !== undefined),
        ...(withSessions ? [sql.endSessionsOfPassword] : []),
        ...(withMailTokens ? [sql.endMailTokens] : []),
      ];
      const { tokenVersion, mailToken: hash, now } = change;
      const [changed] = await both(texts, { id: key(userId), old, next, tokenVersion, hash, now });
      return changed?.length === 1;
    },
    mailTokens: {
      async store(token) {
        const [stored] = await both(sql.storeMailToken, { ...token });
        return (stored?.[0]?.["email"] as string | undefined) ?? null;
      },
      user: ({ withTokenVersion, ...of }) => user(sql.byMailToken({ tokenVersion: withTokenVersion }), { ...of }),
      async verifyEmail(of) {
        // Of two uses at once both may set the column, and one deletes the token.
        const [, used] = await transaction([sql.verifyEmail, sql.endMailToken], { ...of });
        return used?.length === 1;
      },
    },
    async deleteUser({ userId, password, tokenVersion, withSessions, account }) {
      const ofVersion = tokenVersion !== undefined;
      const texts = [
        ...(account === undefined ? [] : [sql.forgetClientsOfDeleted(ofVersion)]),
        ...(withSessions ? [sql.endSessionsOfDeleted(ofVersion)] : []),
        sql.deleteUser(ofVersion),
      ];
      const deleted = (await both(texts, { id: key(userId), old: password, tokenVersion, account })).at(-1);
      return deleted?.length === 1;
    },
    async revokeTokens({ id, withSessions }) {
      const texts = withSessions ? [sql.raise, sql.endSessions] : [sql.raise];
      await (texts.length > 1 ? transaction(texts, { id: key(id) }) : all(sql.raise, { id: key(id) }));
    },
    sessions: {
      async insert({ userId, password, userAgent, address, ...session }) {
        const values = { ...session, user: key(userId), hash: password, userAgent: userAgent ?? null, address: address ?? null };
        const [inserted] = await both(sql.insertSession(session.tokenVersion !== undefined), values);
        return inserted?.length === 1;
      },
      rotate: ({ new: next, withTokenVersion, ...values }) =>
        first(sql.rotate(withTokenVersion), { ...values, next }) as Promise<RotatedRow | null>,
      async end({ isVerified, raiseTokenVersion, ...values }) {
        const end = sql.endSession(isVerified);
        const rows = raiseTokenVersion
          ? (await transaction([sql.raiseOfSession(isVerified), end], { ...values }))[1]
          : await all(end, { ...values });
        return (rows?.[0] as { expired: boolean | number } | undefined) ?? null;
      },
      async delete({ id, userId, knownAs }) {
        const values = { session: id, user: userId === undefined ? null : key(userId), knownAs };
        return (await all(sql.deleteSession(userId !== undefined, knownAs !== undefined), values)).length > 0;
      },
      list: ({ userId, now }) => all(sql.list, { user: key(userId), now }) as Promise<unknown> as Promise<Session[]>,
    },
    async recordEvent({ userId, ...event }) {
      const { account = null, client = null, reason = null } = event;
      await all(sql.recordEvent, { ...event, account, client, reason, user: userId === undefined ? null : key(userId) });
    },
    attempts: {
      find: async ({ withTokenVersion, ...login }) =>
        parted((await first(sql.atLogin({ tokenVersion: withTokenVersion }), { ...login })) ?? {}),
      async count({ counts, ...values }) {
        const [rows] = await both(sql.countLogin, { ...values, counts: counts ? 1 : 0 });
        return rows?.[0]?.["failures"] as number;
      },
      async succeeded({ isKnown, ...values }) {
        const texts = [...(values.client === "" ? [] : sql.knowClient), ...(isKnown ? [] : [sql.takeBack])];
        await transaction(texts, values);
      },
    },
  };
}

/** The columns of a user and those of `login_attempts`, which are `NULL` when there is no such row. */
function parted(row: Row): UserAtLogin {
  const attempts: Row = {};
  const user: Row = {};
  for (const [column, value] of Object.entries(row)) {
    if (column.startsWith(OF_ATTEMPTS)) attempts[column.slice(OF_ATTEMPTS.length)] = value;
    else user[column] = value;
  }
  const present = <R>(columns: Row, key: string): R | null => (columns[key] === null || columns[key] === undefined ? null : (columns as R));
  return { user: present<UserRow>(user, "id"), attempts: present<AttemptRow>(attempts, "client") };
}

const OF_ATTEMPTS = "login_attempts_";

/**
 * Ids are bound as text, which the database converts to the type of the column. A number would be bound as a double by some drivers
 * of SQLite, and a TEXT column would compare it as "7.0".
 */
const key = (id: UserId): string => String(id);

/** Letter case is that of A to Z, as SQLite's NOCASE has it. */
export const lowerCase = (email: string): string => email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** The parameter of a further column of a new user. */
const parameterOf = (at: number): string => `further${at}`;

const renamed = (further: Row): Row => Object.fromEntries(Object.values(further).map((value, at) => [parameterOf(at), value ?? null]));

function statements(dialect: Dialect, options: SqlOptions) {
  const { least, greatest, lockUser, lockDeleted, skipLocked } = dialect;
  const name = (text: string): string => quoted(dialect.quote, text);
  const { users = "users", sessions = "sessions", attempts = "login_attempts", mailTokens = "mail_tokens", audit = "audit", columns = {}, further = [] } = object("options", options);
  const [U, S, A, M] = [name(users), name(sessions), name(attempts), name(mailTokens)];
  const { id = "id", email = "email", password = "password", created_at = "created_at", token_version = "token_version", is_active = "is_active", email_verified = "email_verified" } = columns;
  const [ID, EMAIL, PASSWORD, VERSION] = [name(id), name(email), name(password), name(token_version)];
  for (const column of [is_active, email_verified]) {
    if (further.includes(column)) throw new TypeError(`edgegate: further cannot have ${JSON.stringify(column)}: the gate reads it, and keeps it for itself`);
  }
  const createdAt = created_at === null ? "''" : dialect.createdAt(name(created_at));
  const row = [`${dialect.id(ID)} AS id`, `${EMAIL} AS email`, `${PASSWORD} AS password`, `${createdAt} AS created_at`, ...further.map(name)];
  // In a table without the column, the name means that of `missing`.
  const flag = (column: string) =>
    `(SELECT (SELECT CAST(${column} AS text) FROM ${U} AS own WHERE own.${ID} = ${U}.${ID}) ` +
    `FROM (SELECT 'true' AS ${column}) AS missing)`;
  const [active, VERIFIED] = [flag(name(is_active)), name(email_verified)];
  const flags = [`${active} AS is_active`, `${flag(VERIFIED)} AS email_verified`];
  const select = ({ tokenVersion }: Columns, where: string) =>
    `SELECT ${[...row, ...flags, ...(tokenVersion ? [`${VERSION} AS token_version`] : [])].join(", ")} FROM ${U} WHERE ${where}`;
  const cached = new Map<string, { sql: string; names: string[] }>();

  // The id is taken from the table of users, so that it has the type that it has there.
  const ofUser = `user_id = (SELECT ${ID} FROM ${U} WHERE ${ID} = :user)`;
  const userOfSession = `SELECT 1 FROM ${U} WHERE ${U}.${ID} = ${S}.user_id`;
  // A token that was replaced less than the grace period ago ends nothing.
  const ends = (isVerified: boolean) =>
    `${isVerified ? "" : "previous = :old AND "}NOT (COALESCE(previous, '') = :old AND rotated_at > :graceSince)`;
  const mailToken = (column: string, kind = "password-recovery") =>
    `SELECT ${column} FROM ${M} WHERE hash = :hash AND kind = '${kind}' AND expires_at > :now`;
  const ofMailToken = (kind?: string) => `${ID} = (${mailToken("user_id", kind)}) AND ${EMAIL} = (${mailToken("email", kind)})`;
  const asRead = (ofVersion: boolean) => `${ID} = :id AND ${PASSWORD} = :old${ofVersion ? ` AND ${VERSION} = :tokenVersion` : ""}`;
  const ifCurrent = (then: string, column: string) => `${column} = CASE WHEN current = :old THEN ${then} ELSE ${column} END`;

  return {
    /** Replaces the names of parameters, and puts their values in order. */
    bind(text: string, values: Row): Statement {
      let compiled = cached.get(text);
      if (!compiled) cached.set(text, (compiled = compile(dialect, text)));
      return { sql: compiled.sql, values: compiled.names.map((name) => values[name]) };
    },
    byEmail: (columns: Columns) => select(columns, dialect.sameEmail(EMAIL)),
    // A row without a user is one, too: the database does the same for both.
    atLogin: (columns: Columns) =>
      `SELECT found.*, ${["client", "failures", "failed_at", "expires_at"].map((column) => `known.${column} AS ${OF_ATTEMPTS}${column}`).join(", ")} ` +
      `FROM (SELECT 1 AS one) AS login LEFT JOIN (${select(columns, dialect.sameEmail(EMAIL))}) AS found ON 1 = 1 ` +
      `LEFT JOIN (SELECT client, failures, failed_at, expires_at FROM ${A} WHERE account = :account AND client IN (:client, '') AND expires_at > :now ` +
      `ORDER BY client DESC LIMIT 1) AS known ON 1 = 1`,
    recordEvent:
      `INSERT INTO ${name(audit)} (at, kind, user_id, account, client, reason) ` +
      `VALUES (:at, :kind, :user, :account, :client, :reason) RETURNING 1 AS stored`,
    countLogin: dialect.both(
      `INSERT INTO ${A} AS a (account, client, failures, failed_at, expires_at) VALUES (:account, :client, :counts, :now, :expiresAt) ` +
        `ON CONFLICT (account, client) DO UPDATE SET ` +
        `failures = CASE WHEN :counts = 0 THEN a.failures WHEN a.failed_at <= :since THEN 1 ` +
        `WHEN a.failures >= :most THEN a.failures ELSE a.failures + 1 END, ` +
        `failed_at = CASE WHEN :counts = 0 THEN a.failed_at ELSE :now END, expires_at = ${greatest}(a.expires_at, :expiresAt) ` +
        `RETURNING failures`,
      `DELETE FROM ${A} WHERE (account, client) IN (SELECT account, client FROM ${A} ` +
        `WHERE expires_at <= :now AND account <> :account LIMIT 10${skipLocked}) RETURNING 1 AS deleted`,
    ),
    knowClient: [
      `INSERT INTO ${A} AS a (account, client, failures, failed_at, expires_at) VALUES (:account, :client, 0, 0, :expiresAt) ` +
        `ON CONFLICT (account, client) DO UPDATE SET failures = 0, expires_at = ${greatest}(a.expires_at, :expiresAt) RETURNING 1 AS stored`,
      `DELETE FROM ${A} WHERE (account, client) IN (SELECT account, client FROM ${A} WHERE account = :account ` +
        `AND client NOT IN ('', :client) ORDER BY expires_at DESC, client LIMIT 100 OFFSET 4${skipLocked}) RETURNING 1 AS deleted`,
    ],
    takeBack: `UPDATE ${A} SET failures = failures - 1 WHERE account = :account AND client = '' AND failures > 0 RETURNING 1 AS changed`,
    byId: (columns: Columns) => select(columns, `${ID} = :id`),
    // The address is two parameters, because the databases that infer types could infer two different ones.
    moveUser: (names: string[], hasTime: boolean) => {
      const time = hasTime && created_at !== null;
      return (
        `INSERT INTO ${U} (${[ID, EMAIL, PASSWORD, ...names.map(name), ...(time ? [name(created_at)] : [])].join(", ")}) ` +
        `SELECT ${[dialect.typed(U, ID, ":id"), ":newEmail", ":password", ...names.map((_, at) => `:${parameterOf(at)}`), ...(time ? [dialect.typed(U, name(created_at), ":createdAt")] : [])].join(", ")} ` +
        `WHERE NOT EXISTS (SELECT 1 FROM ${U} WHERE ${dialect.sameEmail(EMAIL)}) ON CONFLICT DO NOTHING RETURNING 1 AS moved`
      );
    },
    insertUser: (names: string[], isUnverified: boolean) =>
      `INSERT INTO ${U} (${[EMAIL, PASSWORD, ...names.map(name), ...(isUnverified ? [VERIFIED] : [])].join(", ")}) ` +
      `SELECT ${[":newEmail", ":password", ...names.map((_, at) => `:${parameterOf(at)}`), ...(isUnverified ? ["FALSE"] : [])].join(", ")} ` +
      `WHERE NOT EXISTS (SELECT 1 FROM ${U} WHERE ${dialect.sameEmail(EMAIL)}) ` +
      `ON CONFLICT DO NOTHING RETURNING ${row.join(", ")}`,
    replaceHash: `UPDATE ${U} SET ${PASSWORD} = :next WHERE ${ID} = :id AND ${PASSWORD} = :old RETURNING 1 AS changed`,
    storeMailToken: dialect.both(
      `INSERT INTO ${M} (account, kind, created_at, hash, user_id, email, expires_at) ` +
        `SELECT lower(${EMAIL}), :kind, :now, :hash, ${ID}, ${EMAIL}, :expiresAt FROM ${U} WHERE ${dialect.sameEmail(EMAIL)} AND NOT EXISTS ` +
        `(SELECT 1 FROM ${M} AS earlier WHERE earlier.account = lower(${U}.${EMAIL}) AND earlier.kind = :kind AND earlier.created_at > :notSince) ` +
        `ON CONFLICT DO NOTHING RETURNING email`,
      `DELETE FROM ${M} WHERE hash IN (SELECT hash FROM ${M} WHERE expires_at <= :now LIMIT 10${skipLocked}) RETURNING 1 AS deleted`,
    ),
    byMailToken: (columns: Columns) => select(columns, ofMailToken()),
    verifyEmail: `UPDATE ${U} SET ${VERIFIED} = TRUE WHERE ${ofMailToken("email-verification")} RETURNING 1 AS changed`,
    endMailToken:
      `DELETE FROM ${M} WHERE hash = :hash AND kind = 'email-verification' AND expires_at > :now ` +
      `AND EXISTS (SELECT 1 FROM ${U} WHERE ${U}.${ID} = ${M}.user_id AND ${U}.${EMAIL} = ${M}.email) RETURNING 1 AS deleted`,
    endMailTokens: `DELETE FROM ${M} WHERE kind = 'password-recovery' AND user_id = (SELECT ${ID} FROM ${U} WHERE ${ID} = :id AND ${PASSWORD} = :next) RETURNING 1 AS deleted`,
    changePassword: (withVersion: boolean, withMailToken: boolean) =>
      `UPDATE ${U} SET ${PASSWORD} = :next${withVersion ? `, ${VERSION} = ${VERSION} + 1` : ""} ` +
      `WHERE ${ID} = :id AND COALESCE(${PASSWORD}, '') = :old${withVersion ? ` AND ${VERSION} = :tokenVersion` : ""}` +
      `${withMailToken ? ` AND ${ofMailToken()}` : ""} RETURNING 1 AS changed`,
    // Before the user: the id is that of the row, in its type. The row of the user is locked first, as by other transactions.
    forgetClientsOfDeleted: (ofVersion: boolean) =>
      `DELETE FROM ${A} WHERE account = :account AND client <> '' AND EXISTS (SELECT 1 FROM ${U} WHERE ${asRead(ofVersion)}${lockDeleted}) RETURNING 1 AS deleted`,
    endSessionsOfDeleted: (ofVersion: boolean) =>
      `DELETE FROM ${S} WHERE user_id = (SELECT ${ID} FROM ${U} WHERE ${asRead(ofVersion)}${lockDeleted}) RETURNING id`,
    deleteUser: (ofVersion: boolean) => `DELETE FROM ${U} WHERE ${asRead(ofVersion)} RETURNING 1 AS deleted`,
    endSessionsOfPassword: `DELETE FROM ${S} WHERE user_id = (SELECT ${ID} FROM ${U} WHERE ${ID} = :id AND ${PASSWORD} = :next) RETURNING id`,
    raise: `UPDATE ${U} SET ${VERSION} = ${VERSION} + 1 WHERE ${ID} = :id RETURNING 1 AS changed`,
    endSessions: `DELETE FROM ${S} WHERE user_id = (SELECT ${ID} FROM ${U} WHERE ${ID} = :id) RETURNING id`,
    insertSession: (ofVersion: boolean) =>
      dialect.both(
        `INSERT INTO ${S} (id, user_id, current, created_at, rotated_at, expires_at, ends_at, user_agent, address) ` +
          `SELECT :id, ${U}.${ID}, :current, :now, :now, :expiresAt, :endsAt, :userAgent, :address FROM ${U} ` +
          `WHERE ${U}.${ID} = :user AND ${PASSWORD} = :hash${ofVersion ? ` AND ${VERSION} = :tokenVersion` : ""}${lockUser} RETURNING id`,
        `DELETE FROM ${S} WHERE ${ofUser} AND expires_at <= :now RETURNING id`,
      ),
    rotate: (withVersion: boolean) =>
      `UPDATE ${S} SET previous = :old, ${ifCurrent(":next", "current")}, ${ifCurrent(":sealed", "sealed")}, ` +
      `${ifCurrent(":now", "rotated_at")}, ${ifCurrent(`${least}(:expiresAt, ends_at)`, "expires_at")} ` +
      `WHERE id = :id AND expires_at > :now AND (current = :old OR (previous = :old AND rotated_at > :graceSince)) ` +
      `AND EXISTS (${userOfSession}) RETURNING ${dialect.id("user_id")} AS user_id, sealed, ` +
      `(${userOfSession.replace("SELECT 1", `SELECT ${active}`)}) AS is_active` +
      (withVersion ? `, (${userOfSession.replace("SELECT 1", `SELECT ${VERSION}`)}) AS token_version` : ""),
    raiseOfSession: (isVerified: boolean) =>
      `UPDATE ${U} SET ${VERSION} = ${VERSION} + 1 WHERE ${ID} = ` +
      `(SELECT user_id FROM ${S} WHERE id = :id AND expires_at > :now AND ${ends(isVerified)}) RETURNING 1 AS changed`,
    endSession: (isVerified: boolean) =>
      `DELETE FROM ${S} WHERE id = :id AND ${ends(isVerified)} RETURNING expires_at <= :now AS expired`,
    deleteSession: (isOfUser: boolean, isKnown: boolean) =>
      `DELETE FROM ${S} WHERE id = :session${isOfUser ? ` AND ${ofUser}` : ""}` +
      `${isKnown ? " AND (current = :knownAs OR previous = :knownAs)" : ""} RETURNING id`,
    list:
      `SELECT id, created_at, rotated_at AS last_used_at, expires_at, user_agent, address FROM ${S} ` +
      `WHERE ${ofUser} AND expires_at > :now ORDER BY rotated_at DESC, id LIMIT 100`,
  };
}

function compile({ parameter }: Dialect, text: string): { sql: string; names: string[] } {
  const names: string[] = [];
  const sql = text.replace(/:([a-z]\w*)/gi, (_, name: string) => {
    const repeated = parameter(1) === parameter(2);
    if (repeated || !names.includes(name)) names.push(name);
    return parameter(names.indexOf(name) + 1);
  });
  return { sql, names };
}

/** A name in quotation marks, which may be a keyword: `user` is one in PostgreSQL. */
export function quoted(mark: string, name: string): string {
  const parts = typeof name === "string" ? name.split(".") : [];
  if (parts.length === 0 || !parts.every((part) => /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(part))) {
    throw new TypeError(`edgegate: ${JSON.stringify(name)} is no name of a table or column: letters, digits, _ and $`);
  }
  return parts.map((part) => `${mark}${part}${mark}`).join(".");
}
