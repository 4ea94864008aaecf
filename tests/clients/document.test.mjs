// The documents of the Workers are valid by the JSON schema of OpenAPI 3.1, and all their references resolve.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";

for (const [name, url] of Object.entries(JSON.parse(process.env.EDGEGATE_CLIENTS).urls)) {
  test(`the document of the Worker \`${name}\``, async () => {
    const response = await fetch(`${url}/openapi.json`);
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"]);
    const document = await response.json();
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    assert(valid, JSON.stringify(errors, undefined, 2));
    assert.equal(validator.version, "3.1");
    assert(validator.resolveRefs().paths["/login"].post.requestBody.content["application/x-www-form-urlencoded"].schema.properties.username);

    // The rules of OpenAPI that are no JSON schema.
    const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.values(item).map((operation) => [path, operation]));
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const [path, { parameters = [] }] of operations) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(parameters.map(({ name }) => name), names, path);
    }
    for (const method of ["HEAD", "GET"]) {
      const again = await fetch(`${url}/openapi.json`, { method });
      assert.deepEqual([again.status, (await again.text()) === ""], [200, method === "HEAD"]);
    }
  });
}
