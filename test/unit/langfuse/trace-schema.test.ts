import { readFileSync } from "node:fs";
import { SPAN_SCHEMA } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";
import { TRACE_SCHEMA_PAGE, withTables } from "../../../scripts/trace-schema.ts";

describe("docs/trace-schema.md", () => {
  const page = readFileSync(TRACE_SCHEMA_PAGE, "utf8");

  it("is what `npm run docs:trace-schema` writes", () => {
    expect(page).toBe(withTables(page));
  });

  it.each(SPAN_SCHEMA.flatMap(({ attributes }) => attributes.map(({ name }) => name)))("names %s", (name) => {
    expect(page).toContain(`\`${name}\``);
  });

  it("says of no attribute twice what it is in one table", () => {
    for (const { attributes } of SPAN_SCHEMA) {
      const names = attributes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("is refused without its marks", () => {
    expect(() => withTables("# Trace schema")).toThrow("has lost its marks");
  });
});
