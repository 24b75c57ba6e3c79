/** A call that has ended, in one line. */
import { matches } from "../records/bring-back.ts";

/** As a program gets it. What is not known where it was read is absent. */
export interface LiveCall {
  /** When it ended, ISO 8601, UTC. */
  readonly at: string;
  readonly requestId: string;
  readonly traceId: string;
  /** The key's alias. A stage's log has its id alone, and so has a key that is gone. */
  readonly key?: string;
  readonly keyId?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly endpoint?: string;
  readonly level: "DEFAULT" | "WARNING" | "ERROR";
  /** HTTP status of the provider's last answer. */
  readonly status?: number;
  /** Why it was refused or failed. */
  readonly reason?: string;
  readonly durationMs?: number;
  readonly firstTokenMs?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
}

/** Which calls are shown. */
export interface CallFilter {
  /** A key's alias or id. */
  readonly key?: string;
  /** A glob of the model's name, in which `*` stands for any text. */
  readonly model?: string;
  /** Calls of this level or a graver one. */
  readonly level?: LiveCall["level"];
}

/** From the lightest on. */
export const LEVELS: readonly LiveCall["level"][] = ["DEFAULT", "WARNING", "ERROR"];

/** Whether a call is to be shown. */
export function isWanted(call: LiveCall, { key, model, level = "DEFAULT" }: CallFilter): boolean {
  return (
    (key === undefined || call.key === key || call.keyId === key) &&
    (model === undefined || (call.model !== undefined && matches(model, call.model))) &&
    LEVELS.indexOf(call.level) >= LEVELS.indexOf(level)
  );
}

/** A source of calls. */
export interface CallSource {
  /** Calls that have come since it was asked before, the oldest first; each call once. */
  next(): Promise<readonly LiveCall[]>;
  close(): void;
}
