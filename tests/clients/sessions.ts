// The types of a Worker with refresh tokens.

import createClient from "openapi-fetch";
import type { paths } from "./generated/schema.js";

/** openapi-fetch sends JSON otherwise. */
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Logs in, refreshes, and returns how many sessions the user has. */
export async function sessionsAfterRefresh(baseUrl: string, username: string, password: string): Promise<number> {
  const client = createClient<paths>({ baseUrl });
  const { data: first } = await client.POST("/login", { body: { username, password, scope: "" }, headers: FORM });
  if (!first) throw new Error("the login was refused");
  const body = { grant_type: "refresh_token", refresh_token: first.refresh_token, scope: "" };
  const { data: second } = await client.POST("/login", { body, headers: FORM });
  if (!second) throw new Error("the refresh token was refused");
  const { data: sessions } = await client.GET("/me/sessions", { headers: { authorization: `Bearer ${second.access_token}` } });
  const [session] = sessions ?? [];
  const ended = session && (await client.DELETE("/me/sessions/{id}", { params: { path: { id: session.id } }, headers: { authorization: `Bearer ${second.access_token}` } }));
  if (ended?.response.status !== 204) throw new Error("the session did not end");
  return sessions!.length;
}
