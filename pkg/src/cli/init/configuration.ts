// The wrangler configuration of a project that is there. Its comments and its form stay.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createScanner, findNodeAtLocation, parse, parseTree, printParseErrorCode, type JSONPath, type Node, type ParseError } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { UsageError } from "../usage.js";
import { read } from "./files.js";

export interface D1 {
  binding: string;
  database_name?: string;
  migrations_dir?: string;
  migrations_pattern?: string;
}

export interface Configuration {
  file: string;
  text: string;
  name: string;
  main: string;
  d1: D1[];
  vars: Record<string, unknown>;
  hasEnvironments: boolean;
}

/** In wrangler's order. */
const FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

export function readConfiguration(folder: string): Configuration {
  const file = FILES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) throw new UsageError(`there is no ${FILES.join(", ")} here, so this is no project of Workers: make a new one`, "npx edgegate init my-login");
  const text = read(folder, file) ?? "";
  const { name, main, d1_databases = [], vars = {}, env = {} } = file.endsWith(".toml") ? tomlOf(text) : objectOf(text, file);
  if (main === undefined) throw new UsageError(`${file} has no \`main\`, the file of the Worker: add it, and repeat the command`, "npx edgegate init --existing");
  if (!isPath(main)) throw wrong(file, "`main` is no path");
  if (!isObject(vars)) throw wrong(file, "`vars` is no object");
  if (!isObject(env)) throw wrong(file, "`env` is no object");
  if (!Array.isArray(d1_databases)) throw wrong(file, "`d1_databases` is no array");
  if (!d1_databases.every(isD1)) throw wrong(file, "`d1_databases` has one whose `binding` is no name of JavaScript, or whose `migrations_dir` is no path");
  // It becomes part of a command.
  const isName = typeof name === "string" && /^\w[\w-]*$/.test(name);
  return { file, text, name: isName ? name : "login", main, d1: d1_databases, vars, hasEnvironments: Object.keys(env).length > 0 };
}

export const NAME = /^[A-Za-z_$][\w$]*$/;

function isD1(value: unknown): value is D1 {
  return isObject(value) && typeof value["binding"] === "string" && NAME.test(value["binding"]) && (value["migrations_dir"] === undefined || isPath(value["migrations_dir"]));
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && /^[^\p{Cc}]+$/u.test(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object of a JSON document, which may have comments. */
export function objectOf(text: string, file: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const root = treeOf(text, file, errors);
  const [error] = errors;
  const line = text.slice(0, error?.offset).split("\n").length;
  if (error) throw wrong(file, `line ${line}: ${printParseErrorCode(error.error)}`);
  if (root) checkTree(root, text, file);
  const value: unknown = parse(withoutMark(text), [], { allowTrailingComma: true });
  if (!isObject(value)) throw wrong(file, "it is no object");
  return value;
}

function treeOf(text: string, file: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(withoutMark(text), errors, { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) throw wrong(file, "it is nested too deeply");
    throw error;
  }
}

/** Without the byte order mark, and as long as before. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, " ");
}

/** Readers do not agree about members of the same name. */
function checkTree({ type, children = [] }: Node, text: string, file: string, depth = 0): void {
  if (depth > 100) throw wrong(file, "it is nested too deeply");
  const names = new Set<unknown>();
  for (const child of children) {
    const name = type === "object" ? child.children?.[0] : undefined;
    if (name && names.has(name.value)) throw wrong(file, `line ${text.slice(0, name.offset).split("\n").length}: a second ${JSON.stringify(name.value)}`);
    if (name) names.add(name.value);
    checkTree(child, text, file, depth + 1);
  }
}

function tomlOf(text: string): Record<string, unknown> {
  try {
    return parseToml(withoutMark(text));
  } catch (error) {
    if (error instanceof TomlError) throw wrong("wrangler.toml", `line ${error.line}`);
    throw error;
  }
}

function wrong(file: string, where: string): UsageError {
  return new UsageError(`${file} cannot be read (${where}), and nothing was changed: mend it, and repeat the command`, "npx edgegate init --existing");
}

/** The text with a further member of an object, or, without a name, a further element of an array. */
export function added(text: string, file: string, list: string, name: string | undefined, value: unknown): string {
  const expected = objectOf(text, file);
  const parent = list in expected ? expected[list] : (expected[list] = name === undefined ? [] : {});
  if (name === undefined && Array.isArray(parent)) parent.push(value);
  else if (name !== undefined && isObject(parent)) parent[name] = value;
  else throw wrong(file, `\`${list}\` is no ${name === undefined ? "array" : "object"}`);
  const changed = withMember(text, [list], name, value);
  if (!isDeepStrictEqual(objectOf(changed, file), expected)) throw wrong(file, `there is no place for a member of \`${list}\``);
  return changed;
}

/** Everything else stays as it is, which `modify` of jsonc-parser does not promise. */
function withMember(text: string, path: JSONPath, name: string | undefined, value: unknown): string {
  const root = parseTree(withoutMark(text), [], { allowTrailingComma: true });
  const parent = root && findNodeAtLocation(root, path);
  if (!parent) return withMember(text, path.slice(0, -1), String(path.at(-1)), name === undefined ? [value] : { [name]: value });
  const unit = /^([\t ]+)\S/m.exec(text)?.[1] ?? "  ";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const outer = eol + unit.repeat(path.length);
  const start = name === undefined ? "" : `${JSON.stringify(name)}: `;
  const member = outer + unit + start + JSON.stringify(value, undefined, unit).replaceAll("\n", outer + unit);
  const last = parent.children?.at(-1);
  if (!last) return spliced(text, parent.offset + 1, member + outer);

  const end = last.offset + last.length;
  const scanner = createScanner(text, true);
  scanner.setPosition(end);
  scanner.scan();
  const hasComma = text[scanner.getTokenOffset()] === ",";
  // A comment in the line of the last member belongs to it.
  const line = /^[ \t]*(,?)[ \t]*(\/\/[^\r\n]*|\/\*((?!\*\/)[^\r\n])*\*\/[ \t]*)?(?=\r?\n)/.exec(text.slice(end));
  if (line && hasComma === (line[1] === ",")) return spliced(spliced(text, end + line[0].length, member + (hasComma ? "," : "")), end, hasComma ? "" : ",");
  const isInLine = !text.slice(parent.offset, parent.offset + parent.length).includes("\n");
  return spliced(text, end, `,${isInLine ? ` ${start}${JSON.stringify(value)}` : member}`);
}

function spliced(text: string, at: number, more: string): string {
  return text.slice(0, at) + more + text.slice(at);
}
