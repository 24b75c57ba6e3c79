/** Structured log lines on stdout, which Lambda sends to CloudWatch. */

type Level = "error" | "warn";

/** Writes one JSON object for each line. Errors among the fields are written with name, message and stack. */
export function createJsonLog(write: (line: string) => void, nowMs: () => number) {
  const at = (level: Level) => (message: string, fields: Readonly<Record<string, unknown>>) => {
    const time = new Date(nowMs()).toISOString();
    write(`${JSON.stringify({ time, level, message, ...fields }, errorsAsObjects)}\n`);
  };
  return { error: at("error"), warn: at("warn") };
}

function errorsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
