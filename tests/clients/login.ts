// What a user of the types would write: openapi-fetch reads them, and the compiler checks the rest.

import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

/** openapi-fetch sends JSON otherwise. */
const FORM = { "content-type": "application/x-www-form-urlencoded" };

type User = components["schemas"]["UserOut"];

/** Signs up, logs in, and returns the user of the token. */
export async function signUp(baseUrl: string, email: string, password: string): Promise<{ created: User; me: User }> {
  const client = createClient<paths>({ baseUrl });
  const { data: created, error } = await client.POST("/users", { body: { email, password } });
  if (!created) throw new Error(JSON.stringify(error.detail));
  const { data: token } = await client.POST("/login", {
    body: { username: email, password, scope: "" },
    headers: FORM,
  });
  if (!token) throw new Error("the login was refused");
  const { data: me } = await client.GET("/me", { headers: { authorization: `Bearer ${token.access_token}` } });
  if (!me) throw new Error("the token was refused");
  return { created, me };
}

/** The status and the detail of a login with a wrong password. */
export async function refused(baseUrl: string, email: string): Promise<[number, unknown]> {
  const client = createClient<paths>({ baseUrl });
  const { error, response } = await client.POST("/login", {
    body: { username: email, password: "a wrong password", scope: "" },
    headers: FORM,
  });
  // @ts-expect-error an error has no such member
  void error?.message;
  return [response.status, error?.detail];
}

// @ts-expect-error no such route
export type None = paths["/nowhere"];
// @ts-expect-error a name, and no number
export const wrong: components["schemas"]["UserOut"]["email"] = 7;
