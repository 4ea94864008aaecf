// The kernel with one subject as a Worker; `xtask` bundles it with `subject` replaced.

import * as subject from "subject";
import { answer } from "./kernel.js";

export default {
  async fetch(request) {
    const { status, text } = await answer(subject, request.url);
    return new Response(text, { status });
  },
};
