/** What the doctor says of one thing. */

/** `skip`: it could not be looked at, or there is no need to. */
export type FindingStatus = "ok" | "warn" | "fail" | "skip";

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, such as `provider openai`. */
  readonly name: string;
  readonly status: FindingStatus;
  /** What was found, in a sentence. No secret, and no content of a call. */
  readonly message: string;
  /** What to do about it. There is one whenever the status is `fail`. */
  readonly remedy?: string;
}

/** The thing is as it should be. */
export function ok(name: string, message: string): Finding {
  return { name, status: "ok", message };
}

/** The thing was not looked at. */
export function skip(name: string, message: string): Finding {
  return { name, status: "skip", message };
}

/** The thing works, and somebody should look at it. */
export function warn(name: string, message: string, remedy: string): Finding {
  return { name, status: "warn", message, remedy };
}

/** The thing does not work. */
export function fail(name: string, message: string, remedy: string): Finding {
  return { name, status: "fail", message, remedy };
}
