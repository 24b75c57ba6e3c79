import { createJsonLog, LOG_LEVELS, logLevel } from "@sluice/aws";
import { describe, expect, it } from "vitest";

function logged(level?: (typeof LOG_LEVELS)[number]) {
  const lines: string[] = [];
  const log = createJsonLog(
    (line) => lines.push(line),
    () => 0,
    level,
  );
  for (const name of LOG_LEVELS) log[name](`A line of ${name}.`, { count: 1 });
  return lines.map((line) => JSON.parse(line));
}

describe("the log", () => {
  it.each([
    { level: "error", written: ["error"] },
    { level: "warn", written: ["error", "warn"] },
    { level: "info", written: ["error", "warn", "info"] },
    { level: "debug", written: ["error", "warn", "info", "debug"] },
    { level: undefined, written: ["error", "warn", "info"] },
  ] as const)("at level $level writes $written", ({ level, written }) => {
    expect(logged(level).map((line) => line.level)).toEqual(written);
  });

  it("writes one JSON object a line, an error with its stack", () => {
    const lines: string[] = [];
    const log = createJsonLog(
      (line) => lines.push(line),
      () => 0,
    );
    log.error("It failed.", { requestId: "req_1", error: new TypeError("no") });
    expect(lines[0]).toMatch(/\n$/);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      level: "error",
      message: "It failed.",
      requestId: "req_1",
      error: {
        name: "TypeError",
        message: "no",
        stack: expect.stringContaining("json-log.test.ts") as string,
      },
    });
  });
});

describe("the level of the environment", () => {
  it.each([
    [undefined, "info"],
    ["", "info"],
    ["WARN", "warn"],
    ["debug", "debug"],
  ])("%s is %s", (name, level) => {
    expect(logLevel(name)).toBe(level);
  });

  it("is refused when there is none of that name, with those that there are", () => {
    expect(() => logLevel("loud")).toThrow(/"loud".+error, warn, info, debug/);
  });
});
