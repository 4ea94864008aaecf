// Explanations of algorithms, claims and refusal reasons.

const ALGORITHMS = new Map(Object.entries({
  none: "no signature: never accepted",
  HS256: "HMAC with SHA-256: a party that can verify can also sign",
  HS384: "HMAC with SHA-384: a party that can verify can also sign",
  HS512: "HMAC with SHA-512: a party that can verify can also sign",
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
  "token-too-long": "the token is longer than 8 KiB",
  malformed: "the token is not three parts of canonical base64url with JSON objects without duplicate members",
  algorithm: "`alg` is not the algorithm of the key, or is not supported",
  critical: "the header requires an extension (`crit`, `b64`), and none is supported",
  "unknown-key": "no key has the token's `kid`, and no key accepts tokens without one",
  "keys-unavailable": "the identity provider's keys are not available",
  signature: "the token was not signed with this key",
  expired: "the time of `exp` is reached",
  "not-yet-valid": "the time of `nbf` is not reached",
  "too-old": "the token was issued longer ago than JWT_MAX_AGE_SECONDS allows",
  host: "the platform's cryptography failed",
}));

export function explainAlgorithm(name: unknown): string {
  return ALGORITHMS.get(String(name)) ?? "not supported";
}

export function explainReason(reason: string): string {
  const claim = /^claim:(.*)$/.exec(reason)?.[1];
  return `${reason}: ${claim ? `the claim \`${claim}\` is missing, or its value is not allowed` : (REASONS.get(reason) ?? reason)}`;
}

export function explainClaim(name: string, value: unknown): string | undefined {
  if (typeof value !== "number") return undefined;
  const seconds = value - Date.now() / 1000;
  const at = Math.abs(value) <= 8.64e12 ? `${new Date(value * 1000).toISOString()}, ` : "";
  switch (name) {
    case "exp":
      return at + (seconds > 0 ? `expires in ${span(seconds)}` : `expired ${span(-seconds)} ago`);
    case "nbf":
      return at + (seconds > 0 ? `valid in ${span(seconds)}` : `valid since ${span(-seconds)} ago`);
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
