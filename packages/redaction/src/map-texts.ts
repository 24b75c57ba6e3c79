/** Changes texts wherever they stand in a value, and nothing else. */

/** The value with every text in it changed, members' names included. Whatever holds no text that changes is the same object. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  return mapUnknown(value, change) as T;
}

function mapUnknown(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapUnknown(item, change));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  const mapped = entries.map(([name, item]) => [change(name), mapUnknown(item, change)] as const);
  const changed = mapped.some(
    ([name, item], index) => name !== entries[index]?.[0] || item !== entries[index]?.[1],
  );
  return changed ? Object.fromEntries(mapped) : value;
}
