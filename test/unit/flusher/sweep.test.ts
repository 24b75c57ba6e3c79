import { createSweeper, isSweepEvent, SWEEP_EVENT, type SweepDependencies } from "@sluice/flusher";
import { describe, expect, it, onTestFinished } from "vitest";

/** A bucket and a queue in memory. */
function world(count: number, changes: Partial<SweepDependencies> = {}) {
  const key = (index: number) => `spill/2026-11-21/req_${String(index).padStart(4, "0")}`;
  const objects = new Map(Array.from({ length: count }, (_, index) => [key(index), `body ${index}`]));
  const queue: string[] = [];
  const clock = { nowMs: 0 };
  const lines: { readonly message: string; readonly count: unknown }[] = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ message, count: fields["count"] });
  const dependencies: SweepDependencies = {
    spill: {
      list: async (most) => await Promise.resolve([...objects.keys()].slice(0, most)),
      read: async (name) => await Promise.resolve(objects.get(name)),
      remove: async (name) => await Promise.resolve(void objects.delete(name)),
    },
    enqueue: async (body) => await Promise.resolve(void queue.push(body)),
    log: { error: note, warn: note },
    nowMs: () => clock.nowMs,
    ...changes,
  };
  return { objects, queue, clock, lines, dependencies, sweeper: createSweeper(dependencies) };
}

const unending = () => new AbortController().signal;

describe("a sweep", () => {
  it("moves everything that waits, however much it is", async () => {
    const { sweeper, objects, queue } = world(250);
    await sweeper.everything(unending());
    expect(queue.toSorted()).toEqual(Array.from({ length: 250 }, (_, index) => `body ${index}`).toSorted());
    expect(objects.size).toBe(0);
  });

  it("keeps an object whose message the queue did not acknowledge, and moves the others", async () => {
    const taken: string[] = [];
    const { sweeper, objects } = world(30, {
      enqueue: async (body) => {
        if (body === "body 7") throw new Error("throttled");
        await Promise.resolve(void taken.push(body));
      },
    });
    await sweeper.everything(unending());
    expect([...objects.values()]).toEqual(["body 7"]);
    expect(taken).toHaveLength(29);
  });

  it("stops asking a queue that is away", async () => {
    let asked = 0;
    const { sweeper, objects } = world(300, {
      enqueue: () => {
        asked++;
        return Promise.reject(new Error("away"));
      },
    });
    await sweeper.everything(unending());
    expect(objects.size).toBe(300);
    expect(asked).toBe(10);
  });

  it("loses nothing and rejects nothing when two run at once, or the bucket is away", async () => {
    const { sweeper, dependencies, objects, queue } = world(50);
    await Promise.all([sweeper.everything(unending()), createSweeper(dependencies).everything(unending())]);
    expect(objects.size).toBe(0);
    expect(new Set(queue).size).toBe(50);

    const { spill } = dependencies;
    const away = world(1, { spill: { ...spill, list: () => Promise.reject(new Error("away")) } });
    await away.sweeper.everything(unending());
    expect(away.lines).toMatchObject([
      { message: expect.stringContaining("did not come to its end") as string },
    ]);
  });

  it("ends with its signal although the bucket never answers", async () => {
    const never = Promise.withResolvers<readonly string[]>();
    onTestFinished(() => never.resolve([]));
    const { dependencies } = world(0);
    const stuck = world(1, { spill: { ...dependencies.spill, list: () => never.promise } });
    const ending = new AbortController();
    const swept = stuck.sweeper.everything(ending.signal);
    ending.abort();
    await swept;
    expect(stuck.lines).toHaveLength(1);
  });

  it("after a batch moves a round of objects, once a minute", async () => {
    const { sweeper, objects, clock } = world(250);
    await sweeper.someIfDue(unending());
    expect(objects.size).toBe(150);
    clock.nowMs += 59_999;
    await sweeper.someIfDue(unending());
    expect(objects.size).toBe(150);
    clock.nowMs += 1;
    await sweeper.someIfDue(unending());
    expect(objects.size).toBe(50);
  });
});

describe("a sweep event", () => {
  it("is told from a batch", () => {
    expect([SWEEP_EVENT, { Records: [] }, {}].map(isSweepEvent)).toEqual([true, false, false]);
  });
});
