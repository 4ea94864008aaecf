// Ways to send a mail, for the option `sendMail`.

import { known, text } from "./argument.js";
import type { Mail } from "../wasm/edgegate.js";

export type { Mail, MailKind } from "../wasm/edgegate.js";

/** Sends a mail; rejects if it was not accepted. */
export type SendMail = (mail: Mail) => Promise<void>;

/** The part of a `send_email` binding of Workers that is used. */
export interface EmailBinding {
  send(mail: { from: string; to: string; subject: string; text: string }): Promise<unknown>;
}

/**
 * Sends mails by a `send_email` binding of Workers, from this address, whose domain must be set up for Cloudflare's Email Service.
 *
 * @example
 * ```ts
 * const gate = createGate(env, d1Users(env.DB), { sendMail: bindingMail(env.EMAIL, "login@example.com") });
 * ```
 */
export function bindingMail(binding: EmailBinding, from: string): SendMail {
  return async ({ to, subject, text }) => {
    try {
      await binding.send({ from, to, subject, text });
    } catch (error) {
      // The message may name the address.
      const { code, name } = error as { code?: unknown; name?: unknown };
      throw new Error(`edgegate: the binding for mails has failed (${/^\w+$/.exec(String(code ?? name))?.[0] ?? "unknown"})`);
    }
  };
}

/** Options of {@link webhookMail}. */
export interface WebhookOptions {
  /** Sent as `Authorization: Bearer`. ASCII without spaces. Default: none. */
  token?: string | undefined;
}

/**
 * Sends mails by a `POST` to this `https:` URL, whose body is the {@link Mail} as JSON. What is no 2xx, and a redirect, rejects.
 *
 * @throws {TypeError} unless it is an `https:` URL, or an `http:` URL of this machine, without user and password, and the token one of
 * a header.
 *
 * @example
 * ```ts
 * const sendMail = webhookMail("https://mail.example.com/send", { token: process.env["MAIL_WEBHOOK_TOKEN"] });
 * ```
 */
export function webhookMail(url: string, options: WebhookOptions = {}): SendMail {
  const { token } = known("options", options, ["token"]);
  const { protocol, hostname, username, password } = webhookUrl(url);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLocal)) throw new TypeError("edgegate: the URL of the webhook must be https:");
  // An error of the platform would name these, in the log.
  if (username || password) throw new TypeError("edgegate: the URL of the webhook must not have a user or a password: use the option `token`");
  if (token !== undefined && !/^[!-~]+$/.test(text("token", token))) throw new TypeError("edgegate: token must be ASCII without spaces");
  return async (mail) => {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const signal = AbortSignal.timeout(WEBHOOK_MILLISECONDS);
    const request = { method: "POST", headers, body: JSON.stringify(mail), redirect: "manual", signal } as const;
    const response = await fetch(url, request).catch(({ name }: Error) => {
      throw new Error(`edgegate: the webhook for mails has not answered (${name})`);
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`edgegate: the webhook for mails answered ${response.status}`);
  };
}

function webhookUrl(url: unknown): URL {
  try {
    return new URL(text("url", url));
  } catch {
    // The error of the platform has the text.
    throw new TypeError("edgegate: the URL of the webhook must be a URL");
  }
}

const WEBHOOK_MILLISECONDS = 10_000;

/** Writes mails to the console, for development: whoever reads it can use the links. */
export const consoleMail: SendMail = async ({ to, subject, text }) => {
  console.log(`A mail to ${to}\nSubject: ${subject}\n\n${text}`);
};
