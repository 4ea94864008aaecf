// Base64url without padding (RFC 7515 2). The core has checked or produced all inputs.

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Built into newer engines, and many times faster for the signature of an RSA key. */
type BuiltIn = { fromBase64?: (text: string, options: { alphabet: "base64url" }) => Uint8Array<ArrayBuffer> };
const { fromBase64 } = Uint8Array as unknown as BuiltIn;

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return fromBase64 ? fromBase64(text, BASE64URL) : decode(text);
}

export function toBase64Url(bytes: Uint8Array): string {
  const binary = String.fromCharCode(...bytes);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const BASE64URL = { alphabet: "base64url" } as const;

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
