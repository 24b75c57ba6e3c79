/**
 * Writes the tables of `docs/trace-schema.md` from the tables that spans are filled from, so that the page cannot say anything
 * else than the code does. What stands outside the marks is written by hand.
 *
 * Run: `npm run docs:trace-schema`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SchemaTable, SPAN_SCHEMA } from "@sluice/langfuse";

/** The page, in the repository. */
export const TRACE_SCHEMA_PAGE = join(import.meta.dirname, "../docs/trace-schema.md");

const START = "<!-- tables: npm run docs:trace-schema -->";
const END = "<!-- end of tables -->";

/** The page with its tables as the code has them now. Throws when a mark is missing. */
export function withTables(page: string): string {
  const from = page.indexOf(START);
  const until = page.indexOf(END);
  if (from < 0 || until < from) {
    throw new Error(`docs/trace-schema.md has lost its marks. Put ${START} and ${END} around the tables.`);
  }
  const tables = SPAN_SCHEMA.map(tableText).join("\n");
  return `${page.slice(0, from)}${START}\n\n${tables}\n${page.slice(until)}`;
}

function tableText({ title, about, attributes }: SchemaTable): string {
  const rows = [...Map.groupBy(attributes, ({ name, meaning }) => `${lastPart(name)} ${meaning}`).values()];
  const lines = rows.map((same) => {
    const [{ meaning, unit = "", source } = { meaning: "", source: "" }] = same;
    const names = same.map(({ name }) => `\`${name}\``).join("<br>");
    const drains = same.map((each) => each.drains.join(", ")).join("<br>");
    return `| ${names} | ${cell(meaning)} | ${unit} | ${cell(source)} | ${drains} |`;
  });
  return [
    `## ${title}`,
    "",
    about,
    "",
    "| attribute | meaning | unit or form | from | drains |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

/** The key, without what stands before it for a kind of drain. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) {
  writeFileSync(TRACE_SCHEMA_PAGE, withTables(readFileSync(TRACE_SCHEMA_PAGE, "utf8")));
}
