/** The longest that one try and its answer may take. */
import { UpstreamError } from "../errors.ts";

/** A signal that is aborted with the call's own, or after `totalMs`. Without a limit it is the call's own. */
export function totalLimit(signal: AbortSignal, totalMs: number | undefined): AbortSignal {
  if (totalMs === undefined) return signal;
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new UpstreamError("upstream_timeout", `The answer took longer than ${totalMs} ms.`));
  }, totalMs);
  // An answer that ended in time leaves the timer behind; it must keep nothing alive.
  timer.unref();
  return AbortSignal.any([signal, controller.signal]);
}
