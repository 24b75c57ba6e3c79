import { expect, it } from "vitest";
import { createStages, StormStuckError } from "../../storm/delivery/stages.ts";

it("says in which stage a storm hangs, and what was under way", async () => {
  const stages = createStages(() => "3 calls made");
  const stuck = stages.run("draining", 10, () => new Promise(() => undefined));
  await expect(stuck).rejects.toThrow(StormStuckError);
  await expect(stuck).rejects.toThrow(
    'The storm is stuck: "draining" has not ended within 0 s. Under way: 3 calls made.',
  );
});

it("passes on what a stage comes to", async () => {
  const stages = createStages(() => "");
  expect(await stages.run("calls", 1_000, () => Promise.resolve(7))).toBe(7);
  await expect(stages.run("calls", 1_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});
