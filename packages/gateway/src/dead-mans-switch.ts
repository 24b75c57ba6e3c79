/** The dead man's switch: a record that is sent when a call begins, and arrives when it must have ended. */
import { type OpenedRecord, packRecord } from "@sluice/trace";
import { callFields, type Journal } from "./journal.ts";
import type { GatewayDependencies } from "./ports.ts";

/** Longest delay of a message, seconds (Amazon SQS quotas). A function may run as long, so it is enough. */
const MAX_DELAY_SECONDS = 900;

/** How long arming may take, ms. A call that takes longer than that does without its switch. */
const ARMING_TIME_MS = 3_000;

/**
 * Arms the switch of a call that is about to be sent to a provider. Runs beside the call and adds no time to it: once the call's
 * own record is safe (`journal.recorded`) nobody needs the switch, and what is left of arming it is given up. Never rejects: a
 * call without its switch is as safe as the function that serves it.
 */
export async function armSwitch(
  journal: Journal,
  deps: Pick<GatewayDependencies, "outbox" | "log" | "nowMs">,
): Promise<void> {
  const { callId, request } = journal.identity;
  const { signal } = journal.recorded;
  try {
    const delaySeconds = Math.ceil((request.deadlineAtMs - deps.nowMs()) / 1000);
    await deps.outbox.send(packRecord(openedRecord(journal)), {
      delaySeconds: Math.min(MAX_DELAY_SECONDS, Math.max(0, delaySeconds)),
      giveUpAtMs: deps.nowMs() + ARMING_TIME_MS,
      signal,
    });
  } catch (error) {
    if (signal.aborted) return;
    deps.log.warn("The dead man's switch of a call could not be armed.", { callId, error });
  }
}

function openedRecord(journal: Journal): OpenedRecord {
  const { identity, admission } = journal;
  return {
    ...callFields(journal),
    kind: "opened",
    provider: admission?.plan.targets[0]?.provider ?? "",
    model: admission?.plan.targets[0]?.model ?? "",
    startedAtMs: identity.startedAtMs,
    deadlineAtMs: identity.request.deadlineAtMs,
  };
}
