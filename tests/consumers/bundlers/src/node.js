// The program that every bundler bundles, for Node. `edgegate/inline` is the entry for programs of one file.

import * as edgegate from "edgegate/inline";
import * as memory from "edgegate/memory";
import { use } from "../../shared/use.js";

use(edgegate, memory).then(console.log);
