/**
 * Edits of a JSON object's text that leave every other byte alone. Parsing and writing again would change
 * numbers (1.0, 2^53 and above), escapes, duplicate keys and white space that a provider may care about.
 */

/** One member of the outermost object: where its key, its value and the comma next to it stand. */
interface Member {
  readonly key: string;
  /** Index of the key's opening quote. */
  readonly start: number;
  readonly valueStart: number;
  /** Index after the value's last character. */
  readonly valueEnd: number;
}

/** What to do with a member: another value (as JSON text), or nothing left of it. */
export interface MemberEdit {
  readonly key: string;
  /** JSON text of the new value; absent: the member is removed. */
  readonly value?: string;
}

/**
 * Applies edits to the outermost object of `text`, which must be valid JSON with an object at the top
 * (`JSON.parse` it first). A key that is absent is appended when the edit has a value; a key that stands
 * twice is edited everywhere, since readers differ in which one counts.
 */
export function editMembers(text: string, edits: readonly MemberEdit[]): string {
  if (edits.length === 0) return text;
  const { members, close } = scanMembers(text);
  const byKey = new Map(edits.map((edit) => [edit.key, edit]));
  const found = new Set<string>();
  const removed = members.map(({ key }) => {
    const edit = byKey.get(key);
    if (edit) found.add(key);
    return edit !== undefined && edit.value === undefined;
  });

  let out = "";
  let copied = 0;
  let kept = 0;
  members.forEach((member, index) => {
    const next = members[index + 1];
    if (removed[index]) {
      // With the comma in front when something kept stands before it, else with the one behind.
      const previous = members[index - 1];
      const from = kept > 0 && previous ? previous.valueEnd : member.start;
      out += text.slice(copied, Math.max(copied, from));
      copied = kept > 0 || !next ? member.valueEnd : next.start;
      return;
    }
    kept += 1;
    const value = byKey.get(member.key)?.value;
    if (value === undefined) return;
    out += text.slice(copied, member.valueStart) + value;
    copied = member.valueEnd;
  });
  const added = edits.filter(({ key, value }) => value !== undefined && !found.has(key));
  if (added.length > 0) {
    const last = members.at(-1);
    const end = Math.max(copied, last ? last.valueEnd : close);
    out += text.slice(copied, end);
    copied = end;
    for (const { key, value } of added) {
      out += `${kept > 0 ? "," : ""}${JSON.stringify(key)}:${value}`;
      kept += 1;
    }
  }
  return out + text.slice(copied);
}

function scanMembers(text: string): { members: Member[]; close: number } {
  const members: Member[] = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (at < text.length && text[at] !== "}") {
    const start = at;
    const keyEnd = skipString(text, start);
    const key: unknown = JSON.parse(text.slice(start, keyEnd));
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.push({ key: String(key), start, valueStart, valueEnd });
    at = skipSpace(text, valueEnd);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return { members, close: at };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

/** Index after the string whose opening quote is at `from`. */
function skipString(text: string, from: number): number {
  let quote = text.indexOf('"', from + 1);
  while (quote >= 0) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

function skipValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return skipString(text, from);
  if (first !== "{" && first !== "[") {
    const end = text.slice(from).search(/[\s,}\]]/);
    return end < 0 ? text.length : from + end;
  }
  const bracket = /["[\]{}]/g;
  bracket.lastIndex = from;
  for (let depth = 0; ; ) {
    const found = bracket.exec(text);
    if (!found) return text.length;
    if (found[0] === '"') bracket.lastIndex = skipString(text, found.index);
    else depth += found[0] === "{" || found[0] === "[" ? 1 : -1;
    if (depth === 0) return bracket.lastIndex;
  }
}
