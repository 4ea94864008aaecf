import { json } from "@sveltejs/kit";

export async function GET({ request, locals }) {
  const { user, response } = await locals.gate.requireUser(request);
  return response ?? json({ of: user.email });
}
