import { expect, it } from "vitest";
import { loggedReason } from "../../../packages/flusher/src/logged-reason.ts";

it.each([
  [
    "main: Langfuse answered with status 400: no such field\nin: my secret",
    "main: Langfuse answered with status 400.",
  ],
  [
    "main: Langfuse answered with status 413 to a media upload: my secret",
    "main: Langfuse answered with status 413 to a media upload.",
  ],
  ["main: Langfuse answered with status 503.", "main: Langfuse answered with status 503."],
  ["The message is not a Sluice record.", "The message is not a Sluice record."],
  ["langfuse.local cannot be reached: ECONNREFUSED.", "langfuse.local cannot be reached: ECONNREFUSED."],
])("of %j the log has %j", (reason, logged) => {
  expect(loggedReason(reason)).toBe(logged);
});
