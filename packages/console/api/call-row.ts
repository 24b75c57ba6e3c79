/** A call as a line of the list. */

/** What the list shows, and what it is searched by. Fields that the trace does not have are absent. */
export interface CallRow {
  /** The id of the call's span. */
  readonly id: string;
  readonly traceId: string;
  /** Unix time, ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** From the start to the first token, ms. Only of streams. */
  readonly firstTokenMs?: number;
  readonly name: string;
  /** `DEFAULT`, `DEBUG`, `WARNING` or `ERROR`. */
  readonly level: string;
  /** The HTTP status that the caller got. */
  readonly status?: number;
  /** What went wrong. */
  readonly message?: string;
  /** The alias of the virtual key. */
  readonly key?: string;
  readonly tenant?: string;
  readonly model?: string;
  readonly provider?: string;
  /** `chat.completions`, `messages` and so on. */
  readonly endpoint?: string;
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** USD. Absent where no price is known. */
  readonly costUsd?: number;
  /** The beginning of what the caller said last. */
  readonly preview?: string;
}

/** Calls that the server keeps and the page shows. */
export const MAX_ROWS = 10_000;
