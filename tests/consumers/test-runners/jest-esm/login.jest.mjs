import * as edgegate from "edgegate";
import * as memory from "edgegate/memory";
import { use, WORKS } from "../../shared/use.js";

test("a login", async () => expect(await use(edgegate, memory)).toBe(WORKS));
