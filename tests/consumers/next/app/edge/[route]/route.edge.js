import { answer } from "../../../gate.js";

export const runtime = "edge";

const handle = (request) => answer(request, "/edge");

export { handle as GET, handle as POST };
