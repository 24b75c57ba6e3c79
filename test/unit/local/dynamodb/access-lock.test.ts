import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createAccessLock } from "../../../../packages/local/src/dynamodb/access-lock.ts";

it("never lets anybody in beside one who wanted to be alone, and lets everybody in at last", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 30 }), fc.scheduler(), async (wishes, scheduler) => {
      const lock = createAccessLock();
      let together = 0;
      let alone = 0;
      const done = wishes.map((wantsToBeAlone, index) =>
        lock[wantsToBeAlone ? "exclusive" : "shared"](async () => {
          if (wantsToBeAlone) alone++;
          else together++;
          expect(alone === 0 || (alone === 1 && together === 0)).toBe(true);
          await scheduler.schedule(Promise.resolve(index));
          if (wantsToBeAlone) alone--;
          else together--;
          return index;
        }),
      );
      await scheduler.waitFor(Promise.all(done));
      expect(await Promise.all(done)).toEqual(wishes.map((_, index) => index));
    }),
  );
});

it("is given back when the work fails", async () => {
  const lock = createAccessLock();

  await expect(lock.exclusive(() => Promise.reject(new Error("no")))).rejects.toThrow("no");

  expect(await lock.exclusive(() => Promise.resolve("in"))).toBe("in");
});
