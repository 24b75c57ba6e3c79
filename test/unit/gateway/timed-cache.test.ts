import { describe, expect, it } from "vitest";
import { remember } from "../../../packages/gateway/src/timed-cache.ts";

function counted(lifetimeMs = 1_000) {
  const state = { nowMs: 0, asked: [] as string[], fails: false };
  const lookUp = remember(
    async (name: string) => {
      state.asked.push(name);
      if (state.fails) throw new Error("away");
      return await Promise.resolve(`${name}!`);
    },
    () => lifetimeMs,
    () => state.nowMs,
    String,
  );
  return { state, lookUp };
}

describe("a remembered look-up", () => {
  it("asks once within the lifetime of an answer, and again when it is over", async () => {
    const { state, lookUp } = counted();
    expect([await lookUp("a"), await lookUp("a")]).toEqual(["a!", "a!"]);
    expect(state.asked).toEqual(["a"]);
    state.nowMs = 1_000;
    await lookUp("a");
    expect(state.asked).toEqual(["a", "a"]);
  });

  it("does not remember that the store was away", async () => {
    const { state, lookUp } = counted();
    state.fails = true;
    await expect(lookUp("a")).rejects.toThrow("away");
    state.fails = false;
    expect(await lookUp("a")).toBe("a!");
  });

  it("forgets the oldest of a thousand answers for a new one", async () => {
    const { state, lookUp } = counted();
    for (let index = 0; index <= 1_000; index += 1) await lookUp(`n${index}`);
    state.asked.length = 0;
    await lookUp("n1000");
    expect(state.asked).toEqual([]);
    await lookUp("n0");
    expect(state.asked).toEqual(["n0"]);
  });
});
