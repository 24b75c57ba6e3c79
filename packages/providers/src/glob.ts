/** Globs over model names: `*` stands for any run of characters, everything else for itself. */

/** Whether the whole name fits the glob. Case counts, as it does for the providers. */
export function matchesGlob(glob: string, name: string): boolean {
  const [first = "", ...rest] = glob.split("*");
  if (rest.length === 0) return glob === name;
  const last = rest.pop() ?? "";
  if (!name.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
}
