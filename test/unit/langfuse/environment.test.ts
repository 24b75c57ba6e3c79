import { fittingEnvironment } from "@sluice/langfuse";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("an environment's name", () => {
  test.each([
    ["production", "production"],
    ["team_a-2", "team_a-2"],
    ["Prod (EU)", "prod-eu-"],
    ["langfuse-prod", "prod"],
    ["LangfuseLangfuse_x", "x"],
    ["-langfuse-x", "x"],
    ["langfuse", "unnamed"],
    ["", "unnamed"],
    ["ümläut", "-ml-ut"],
    ["x".repeat(50), "x".repeat(40)],
  ])("%j becomes %j", (given, fitting) => {
    expect(fittingEnvironment(given)).toBe(fitting);
  });

  test("is always one that Langfuse takes, and one that fits stays as it is", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[-_]?(langfuse|Langfuse)?[-_]?[A-Za-z0-9 _-]*$/),
    );
    fc.assert(
      fc.property(name, (given) => {
        const fitting = fittingEnvironment(given);
        expect(fitting).toMatch(/^(?!langfuse)[a-z0-9_-]{1,40}$/);
        expect(fittingEnvironment(fitting)).toBe(fitting);
      }),
    );
  });
});
