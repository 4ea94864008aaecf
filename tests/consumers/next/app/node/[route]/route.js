import { answer } from "../../../gate.js";

export const runtime = "nodejs";

const handle = (request) => answer(request, "/node");

export { handle as GET, handle as POST };
