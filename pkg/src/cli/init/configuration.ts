// The wrangler configuration of a project that is there. Its comments and its form stay.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createScanner, findNodeAtLocation, parse, parseTree, printParseErrorCode, type JSONPath, type ParseError } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import { UsageError } from "../usage.js";

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
  const text = readFileSync(join(folder, file), "utf8");
  const { name, main, d1_databases = [], vars = {}, env = {} } = file.endsWith(".toml") ? tomlOf(text) : objectOf(text, file);
  if (typeof main !== "string") throw new UsageError(`${file} has no \`main\`, the file of the Worker: add it, and repeat the command`, "npx edgegate init --existing");
  const d1 = Array.isArray(d1_databases) ? (d1_databases as D1[]).filter((database) => typeof database?.binding === "string") : [];
  return { file, text, name: typeof name === "string" ? name : "login", main, d1, vars: vars as Record<string, unknown>, hasEnvironments: Object.keys(env as object).length > 0 };
}

/** The object of a JSON document, which may have comments. */
export function objectOf(text: string, file: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  const line = text.slice(0, error?.offset).split("\n").length;
  if (error) throw wrong(file, `line ${line}: ${printParseErrorCode(error.error)}`);
  if (!value || typeof value !== "object" || Array.isArray(value)) throw wrong(file, "it is no object");
  return value as Record<string, unknown>;
}

function tomlOf(text: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlError) throw wrong("wrangler.toml", `line ${error.line}`);
    throw error;
  }
}

function wrong(file: string, where: string): UsageError {
  return new UsageError(`${file} cannot be read (${where}), and nothing was changed: mend it, and repeat the command`, "npx edgegate init --existing");
}

/** The text with a further member, or, for an array, a further element. Everything else stays as it is, which `modify` of jsonc-parser does not promise. */
export function withMember(text: string, path: JSONPath, name: string | undefined, value: unknown): string {
  const root = parseTree(text, [], { allowTrailingComma: true });
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
