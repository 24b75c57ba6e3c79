/** Counts what is billed by the search. */
import { asObject, asText } from "../../json-value.ts";

/**
 * The searches among the output items of a response: each is billed, opening a page and finding in it are not (OpenAI API
 * reference, "Web search call").
 */
export function countWebSearches(items: readonly unknown[]): number {
  return items.filter((entry) => {
    const item = asObject(entry);
    if (item?.["type"] !== "web_search_call" || item["status"] === "failed") return false;
    const action = asText(asObject(item["action"])?.["type"]);
    return action === undefined || action === "search";
  }).length;
}
