import { expect, it } from "vitest";
import { together } from "../../../../packages/local/src/system/together.ts";

it("gives all results in order", async () => {
  expect(await together([Promise.resolve(1), "two", undefined])).toEqual([1, "two", undefined]);
});

it("throws the failure only when nothing is under way any more", async () => {
  const slow = Promise.withResolvers<void>();
  let thrown = false;
  const both = together([Promise.reject(new Error("no")), slow.promise]).catch((error: Error) => {
    thrown = true;
    return error.message;
  });
  await Promise.resolve();

  expect(thrown).toBe(false);
  slow.resolve();
  expect(await both).toBe("no");
});
