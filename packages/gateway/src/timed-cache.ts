/** Remembers answers of a store for a few seconds, so that a warm instance does not ask for each call. */

/** Bounds the memory of an instance that is asked for many names, made-up ones among them. */
const MAX_ENTRIES = 1_000;

/**
 * The look-up behind a memory: what was found counts for `lifetimeMs` of it, in ms. The oldest answer makes room for a new
 * one. A look-up that rejects is not remembered.
 */
export function remember<Name, Found>(
  lookUp: (name: Name) => Promise<Found>,
  lifetimeMs: (found: Found) => number,
  nowMs: () => number,
  keyOf: (name: Name) => string,
): (name: Name) => Promise<Found> {
  const entries = new Map<string, { readonly found: Found; readonly untilMs: number }>();
  return async (name) => {
    const key = keyOf(name);
    const entry = entries.get(key);
    if (entry && entry.untilMs > nowMs()) return entry.found;
    const found = await lookUp(name);
    entries.delete(key);
    if (entries.size >= MAX_ENTRIES) {
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    }
    entries.set(key, { found, untilMs: nowMs() + lifetimeMs(found) });
    return found;
  };
}
