// jose: signs the claims with each key, and verifies each token.

import { readFileSync } from "node:fs";
import { SignJWT, errors, importJWK, jwtVerify } from "jose";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));

const issue = async (key) =>
    new SignJWT(job.claims).setProtectedHeader({ alg: key.alg }).sign(await importJWK(key, key.alg));

const verify = async ({ token, key }) => {
    try {
        return (await jwtVerify(token, await importJWK(key, key.alg), { algorithms: [key.alg] })).payload;
    } catch (refusal) {
        if (!(refusal instanceof errors.JOSEError)) throw refusal;
        return String(refusal);
    }
};

const issued = await Promise.all(job.keys.map(issue));
console.log(JSON.stringify({ issued, verified: await Promise.all(job.tokens.map(verify)) }));
