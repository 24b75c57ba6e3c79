/** Structured log lines on stdout, which Lambda sends to CloudWatch. */

/** How much is written: each level writes its own lines and those of the levels before it. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** See `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level that the environment names (`SLUICE_LOG_LEVEL`). Absent or empty: `info`. Throws for a word that is none. */
export function logLevel(name: string | undefined): LogLevel {
  if (name === undefined || name === "") return "info";
  const level = LOG_LEVELS.find((one) => one === name.toLowerCase());
  if (level === undefined) {
    throw new Error(`SLUICE_LOG_LEVEL is "${name}"; it may be one of: ${LOG_LEVELS.join(", ")}.`);
  }
  return level;
}

type WriteLine = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** A log by level. */
export type JsonLog = Readonly<Record<LogLevel, WriteLine>>;

/**
 * Writes one JSON object for each line of `level` or graver. Errors among the fields are written with name, message and stack.
 * Fields are ids and numbers: never content, never a secret.
 */
export function createJsonLog(
  write: (line: string) => void,
  nowMs: () => number,
  level: LogLevel = "info",
): JsonLog {
  const at = (name: LogLevel): WriteLine => {
    if (LOG_LEVELS.indexOf(name) > LOG_LEVELS.indexOf(level)) return () => undefined;
    return (message, fields) => {
      const time = new Date(nowMs()).toISOString();
      write(`${JSON.stringify({ time, level: name, message, ...fields }, errorsAsObjects)}\n`);
    };
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

function errorsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
