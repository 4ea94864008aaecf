// Rolls the types of each entry up into one file, whose exported names are the public ones. `cargo xtask build` runs it.

import { copyFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CompilerState, Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const manifest = readFileSync(path("package.json"), "utf8");
const names = new Set(Array.from(manifest.matchAll(/\.\/dist\/([^"]+)\.d\.ts"/g), ([, name]) => name));
const entries = Array.from(names, (name) => ({ source: path(`lib/${name}.d.ts`), rolled: path(`dist/${name}.d.ts`) }));

const silent = { default: { logLevel: "none" } };
const configs = entries.map(({ source, rolled }) =>
  ExtractorConfig.prepare({
    packageJsonFullPath: path("package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: path("."),
      mainEntryPointFilePath: source,
      compiler: { tsconfigFilePath: path("tsconfig.json") },
      apiReport: { enabled: false },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: rolled },
      // `tsc` has compiled these files, and what is not exported is meant to be internal.
      messages: { compilerMessageReporting: { default: { logLevel: "error" } }, extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
  }),
);
const compilerState = CompilerState.create(configs[0], { additionalEntryPoints: entries.map(({ source }) => source) });
for (const [at, config] of configs.entries()) {
  const { succeeded } = Extractor.invoke(config, { compilerState, localBuild: true, messageCallback: quiet });
  if (!succeeded) throw new Error(`no types of ${entries[at].source}`);
  // TypeScript takes a `.d.ts` of this package for the types of an ES module.
  copyFileSync(entries[at].rolled, entries[at].rolled.replace(/ts$/, "cts"));
}

function quiet(message) {
  if (message.logLevel !== "error") message.handled = true;
}
