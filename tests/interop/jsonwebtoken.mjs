// jsonwebtoken: signs the claims with each key, and verifies each token.

import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import jsonwebtoken from "jsonwebtoken";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));

const keyOf = (jwk) => {
    if (jwk.kty === "oct") return createSecretKey(jwk.k, "base64url");
    return (jwk.d ? createPrivateKey : createPublicKey)({ key: jwk, format: "jwk" });
};

const issue = (key) => jsonwebtoken.sign(job.claims, keyOf(key), { algorithm: key.alg, noTimestamp: true });

const verify = ({ token, key }) => {
    try {
        return jsonwebtoken.verify(token, keyOf(key), { algorithms: [key.alg] });
    } catch (refusal) {
        if (!(refusal instanceof jsonwebtoken.JsonWebTokenError)) throw refusal;
        return String(refusal);
    }
};

console.log(JSON.stringify({ issued: job.keys.map(issue), verified: job.tokens.map(verify) }));
