// What people want to know of a token.

const ALGORITHMS = new Map(Object.entries({
  none: "no signature: never accepted",
  HS256: "HMAC with SHA-256: whoever can verify can also sign",
  HS384: "HMAC with SHA-384: whoever can verify can also sign",
  HS512: "HMAC with SHA-512: whoever can verify can also sign",
  EdDSA: "Ed25519",
  RS256: "RSA PKCS #1 v1.5 with SHA-256",
  RS384: "RSA PKCS #1 v1.5 with SHA-384",
  RS512: "RSA PKCS #1 v1.5 with SHA-512",
  PS256: "RSA-PSS with SHA-256",
  PS384: "RSA-PSS with SHA-384",
  PS512: "RSA-PSS with SHA-512",
  ES256: "ECDSA on P-256 with SHA-256",
  ES384: "ECDSA on P-384 with SHA-384",
}));

const REASONS = new Map(Object.entries({
  "token-too-long": "it is longer than 8 KiB",
  malformed: "it is not three parts of canonical base64url that hold JSON objects without duplicate members",
  algorithm: "its `alg` is not that of the key, or none that is supported",
  critical: "its header asks for an extension that must be understood, and none is (`crit`, `b64`)",
  "unknown-key": "no key has its `kid`, and there is none for tokens without one",
  "keys-unavailable": "the identity provider's keys could not be had",
  signature: "it was not signed with this key",
  expired: "its `exp` has come",
  "not-yet-valid": "its `nbf` has not come yet",
  "too-old": "it was issued longer ago than JWT_MAX_AGE_SECONDS allows",
  host: "the platform's cryptography did not answer",
}));

export function explainAlgorithm(name: unknown): string {
  return ALGORITHMS.get(String(name)) ?? "not supported";
}

export function explainReason(reason: string): string {
  const claim = /^claim:(.*)$/.exec(reason)?.[1];
  return `${reason}: ${claim ? `the claim \`${claim}\` is missing, or is not what it must be` : (REASONS.get(reason) ?? reason)}`;
}

export function explainClaim(name: string, value: unknown): string | undefined {
  if (typeof value !== "number") return undefined;
  const seconds = value - Date.now() / 1000;
  const at = Math.abs(value) <= 8.64e12 ? `${new Date(value * 1000).toISOString()}, ` : "";
  switch (name) {
    case "exp":
      return at + (seconds > 0 ? `expires in ${span(seconds)}` : `expired ${span(-seconds)} ago`);
    case "nbf":
      return at + (seconds > 0 ? `holds from ${span(seconds)} on` : `holds since ${span(-seconds)}`);
    case "iat":
      return at + (seconds > 0 ? `issued ${span(seconds)} ahead of this clock` : `issued ${span(-seconds)} ago`);
    default:
      return undefined;
  }
}

function span(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "days"],
    [3_600, "hours"],
    [60, "minutes"],
  ];
  for (const [size, unit] of units) if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${Math.floor(seconds)} seconds`;
}
