// Runs the published checks of a store.

import { describe, test } from "node:test";
import { storeChecks, type StoreCheckOptions, type StoreUnderTest } from "edgegate/store-test";

export function checks(name: string, open: () => Promise<StoreUnderTest> | StoreUnderTest, options: StoreCheckOptions): void {
  describe(name, () => {
    for (const { name, run } of storeChecks(open, options)) test(name, run);
  });
}

/** Ids that an INTEGER column, or a number, would change. */
export const numberedTexts = () => {
  let last = 0;
  return () => ({ id: `00${(last += 1)}` });
};
