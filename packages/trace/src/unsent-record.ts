/** Records in a log: the last place for one that neither queue nor bucket took, and the way back from there. */

/** The field of a log line that holds a message body, or a part of one. */
export const UNSENT_RECORD_MARK = "SLUICE_UNSENT_RECORD";

/**
 * Most characters of a body on one line. CloudWatch takes log events of 1 MB (256 KB before April 2025), but Lambda reads a
 * function's output from a pipe and may cut a line where the pipe's 64 KB end.
 */
const PART_CHARACTERS = 48_000;

/** The fields of a log line with a message body, or with a part of one. */
export interface UnsentRecordFields {
  readonly callId: string;
  readonly [UNSENT_RECORD_MARK]: string;
  /** From 1 on; absent when the line holds the whole body. */
  readonly part?: number;
  readonly parts?: number;
}

/** A message body that was found in a log. */
export interface UnsentRecord {
  readonly callId: string;
  readonly body: string;
}

/** What a log held. */
export interface UnsentRecords {
  /** Each body once, however often the log has it. */
  readonly records: readonly UnsentRecord[];
  /** Calls of which the log has some parts but not all. */
  readonly incompleteCallIds: readonly string[];
  /** Lines with the mark that are no such lines: cut off, or changed. */
  readonly unreadableLines: number;
}

/** The body spread over as many lines as it needs, at least one. */
export function unsentRecordFields(callId: string, body: string): readonly UnsentRecordFields[] {
  const parts = Math.max(1, Math.ceil(body.length / PART_CHARACTERS));
  if (parts === 1) return [{ callId, [UNSENT_RECORD_MARK]: body }];
  return Array.from({ length: parts }, (_, index) => ({
    callId,
    [UNSENT_RECORD_MARK]: body.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS),
    part: index + 1,
    parts,
  }));
}

/**
 * Puts the bodies of a log together. Lines may come in any order, more than once, with something in front of their
 * JSON (a time, a stream's name), and between lines of any other kind.
 */
export async function readUnsentRecords(
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<UnsentRecords> {
  const partsByCall = new Map<string, Map<number, string>>();
  const records = new Map<string, UnsentRecord>();
  const seen = new Set<string>();
  const complete = new Set<string>();
  let unreadableLines = 0;
  for await (const line of lines) {
    if (!line.includes(`"${UNSENT_RECORD_MARK}"`)) continue;
    const fields = parseFields(line);
    if (!fields) {
      unreadableLines++;
      continue;
    }
    const { callId, [UNSENT_RECORD_MARK]: text, part = 1, parts = 1 } = fields;
    // A call may be in the log with records of different lengths; their parts must not be mixed.
    const name = `${callId}/${parts}`;
    const found = partsByCall.get(name) ?? new Map<number, string>();
    partsByCall.set(name, found.set(part, text));
    seen.add(name);
    if (found.size < parts) continue;
    complete.add(name);
    const body = Array.from({ length: parts }, (_, index) => found.get(index + 1)).join("");
    records.set(body, { callId, body });
    partsByCall.delete(name);
  }
  const incomplete = [...seen].filter((name) => !complete.has(name));
  return {
    records: [...records.values()],
    incompleteCallIds: [...new Set(incomplete.map((name) => name.slice(0, name.lastIndexOf("/"))))],
    unreadableLines,
  };
}

function parseFields(line: string): UnsentRecordFields | undefined {
  try {
    const value = JSON.parse(line.slice(line.indexOf("{"))) as Partial<UnsentRecordFields> | null;
    const { callId, [UNSENT_RECORD_MARK]: text, part = 1, parts = 1 } = value ?? {};
    const isOne = Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts;
    if (typeof callId !== "string" || typeof text !== "string" || !isOne) return undefined;
    return { callId, [UNSENT_RECORD_MARK]: text, part, parts };
  } catch {
    return undefined;
  }
}
