/** `sluice queue …`: what is on its way to the drains, and what is stuck. */
import type { DeliveryCounts, QueueDepth, Reconciliation } from "@sluice/flusher";
import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import {
  addCommonOptions,
  addConfirmOption,
  type ConfirmOptions,
  type OutputOptions,
  type TargetOptions,
} from "../options/command-options.ts";
import { readCount, readRate } from "../options/values.ts";
import { span } from "../output/amounts.ts";
import { fields, table } from "../output/table.ts";
import type { MessageView } from "../records/message-view.ts";
import type { RecordPlace } from "../target/record-place.ts";
import { type Target, withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";
import type { ReplayOptions } from "./replay.ts";

type Common = TargetOptions & OutputOptions;

/** Parked messages that are looked at for their reasons. */
const PEEKED = 100;
/** Spilled objects that are counted. */
const COUNTED = 10_000;
const DEFAULT_LIMIT = 10;

/** Adds the group. */
export function addQueue(program: Command, terminal: Terminal): void {
  const queue = program
    .command("queue")
    .description("records on their way to the drains: how many, which, and why some are parked");
  addStatus(queue, terminal);
  addPeek(queue, terminal);
  addRedrive(queue, terminal);
  addPurge(queue, terminal);
}

interface Status {
  /** What became of every call that a flusher has heard of. */
  readonly calls: Omit<Reconciliation, "oldestBeforeMs" | "lastHourMs"> & {
    /** The oldest call in flight was accepted before then. ISO 8601, UTC. */
    readonly oldestBefore?: string;
  };
  readonly queue: QueueDepth;
  readonly parked: QueueDepth & {
    /** Of the first hundred. */
    readonly reasons: readonly { readonly reason: string; readonly count: number }[];
    /** Of those. ISO 8601, UTC. */
    readonly oldestSentAt?: string;
  };
  /** Counted up to 10,000. */
  readonly spilled: number;
}

function addStatus(queue: Command, terminal: Terminal): void {
  addCommonOptions(
    queue
      .command("status")
      .description(
        "what became of every call, and how many records wait, are parked, or were spilled to the bucket",
      ),
    ["queue status --local", "queue status --json --stage production"],
  ).action(async (options: Common) => {
    await withTarget(options, terminal, async (target) => {
      const status = await statusOf(await target.records(), target.counts, terminal.nowMs);
      terminal.print(options.json ? JSON.stringify(status) : statusText(status, terminal));
    });
  });
}

async function statusOf(place: RecordPlace, counts: DeliveryCounts, nowMs: () => number): Promise<Status> {
  const { depthOf } = await import("@sluice/aws");
  const { readReconciliation } = await import("@sluice/flusher");
  const { peekMessages } = await import("../records/parked.ts");
  const { spilledKeys } = await import("../records/sources.ts");
  const [queue, parked] = await Promise.all([
    depthOf(place.sqs, place.queueUrl),
    depthOf(place.sqs, place.deadLetterQueueUrl),
  ]);
  const {
    oldestBeforeMs,
    lastHourMs: _,
    ...calls
  } = await readReconciliation({
    counts,
    depth: () => Promise.resolve(queue),
    nowMs,
  });
  const peeked = await peekMessages(place.sqs, place.deadLetterQueueUrl, PEEKED);
  const reasons = [...Map.groupBy(peeked, ({ reason = NO_REASON }) => reason)].map(([reason, those]) => {
    return { reason, count: those.length };
  });
  const oldestAtMs = Math.min(...peeked.map(({ sentAtMs }) => sentAtMs));
  let spilled = 0;
  for await (const _key of spilledKeys(place)) if (++spilled >= COUNTED) break;
  return {
    calls: {
      ...calls,
      ...(oldestBeforeMs !== undefined && { oldestBefore: new Date(oldestBeforeMs).toISOString() }),
    },
    queue,
    parked: {
      ...parked,
      reasons: reasons.toSorted((one, other) => other.count - one.count),
      ...(peeked.length > 0 && { oldestSentAt: new Date(oldestAtMs).toISOString() }),
    },
    spilled,
  };
}

const NO_REASON = "received too often";

function statusText({ calls, queue, parked, spilled }: Status, terminal: Terminal): string {
  const age = (at: string) => terminal.nowMs() - Date.parse(at);
  const { accepted, delivered, inFlight, unaccounted } = calls;
  const equation = `${accepted} accepted = ${delivered} delivered + ${calls.parked} parked + ${inFlight} in flight`;
  const accounts = fields([
    ["calls", equation],
    ["unaccounted", unaccounted === 0 ? "0" : `${unaccounted}: see docs/delivery.md, Reconciliation`],
    ["oldest in flight", calls.oldestBefore && atLeast(age(calls.oldestBefore))],
    ["unreadable", calls.unreadable === 0 ? undefined : `${calls.unreadable} parked beside the calls`],
  ]);
  const overview = fields([
    ["waiting", String(queue.waiting)],
    ["in flight", String(queue.inFlight)],
    ["delayed", String(queue.delayed)],
    ["parked", String(parked.waiting + parked.inFlight + parked.delayed)],
    ["oldest parked", parked.oldestSentAt && `${span(age(parked.oldestSentAt))} ago`],
    ["spilled", spilled < COUNTED ? String(spilled) : `${COUNTED} or more`],
  ]);
  if (parked.reasons.length === 0) return `${accounts}\n\n${overview}`;
  const rows = parked.reasons.map(({ reason, count }) => [String(count), reason]);
  return `${accounts}\n\n${overview}\n\n${table(["PARKED", "REASON"], rows, { ...terminal, right: ["PARKED"] })}`;
}

/** Calls are counted by the hour. */
function atLeast(ageMs: number): string {
  return ageMs <= 0 ? "accepted within the hour" : `accepted at least ${span(ageMs)} ago`;
}

function addPeek(queue: Command, terminal: Terminal): void {
  addCommonOptions(
    queue
      .command("peek")
      .description("look at some messages and leave them there; shows no content of calls")
      .option("--dlq", "the parked ones")
      .option("--limit <count>", "most messages", readCount, DEFAULT_LIMIT),
    ["queue peek --local", "queue peek --dlq --limit 50 --json --stage production"],
  ).action(async (options: Common & { readonly dlq?: true; readonly limit: number }) => {
    await withTarget(options, terminal, async (target) => {
      const { messageView } = await import("../records/message-view.ts");
      const { peekMessages } = await import("../records/parked.ts");
      const { sqs, queueUrl, deadLetterQueueUrl } = await target.records();
      const held = await peekMessages(sqs, options.dlq ? deadLetterQueueUrl : queueUrl, options.limit);
      const views = held.map(messageView);
      terminal.print(options.json ? JSON.stringify(views) : peekText(views, terminal));
    });
  });
}

function peekText(views: readonly MessageView[], terminal: Terminal): string {
  if (views.length === 0) return "No message is there, or others are working on all of them.";
  const rows = views.map(({ id, kind, callId = "-", key = "-", sentAt, reason = "-" }) => {
    return [id, kind, callId, key, span(terminal.nowMs() - Date.parse(sentAt)), reason];
  });
  return table(["ID", "KIND", "CALL", "KEY", "AGE", "REASON"], rows, terminal);
}

function addRedrive(queue: Command, terminal: Terminal): void {
  addCommonOptions(
    addConfirmOption(
      queue
        .command("redrive")
        .description("send parked records to the queue again; the same as replay --from dlq")
        .option("--reason <glob>", "only those parked for such a reason, such as '*400*'")
        .option("--limit <count>", "most records", readCount)
        .option("--rate <count>", "most records a second, such as 50/s", readRate)
        .option("--dry-run", "count them, and send nothing"),
    ),
    ["queue redrive --local", "queue redrive --reason '*HTTP 400*' --rate 50/s --yes --stage production"],
  ).action(async (options: Omit<ReplayOptions, "from" | "since">) => {
    await withTarget(options, terminal, async (target) => {
      const { replay } = await import("./replay.ts");
      await replay(target, { ...options, from: "dlq", since: 0 }, terminal);
    });
  });
}

function addPurge(queue: Command, terminal: Terminal): void {
  addCommonOptions(
    addConfirmOption(
      queue
        .command("purge")
        .description("delete parked records for good: their traces are lost")
        .option("--reason <glob>", "only those parked for such a reason, such as '*poison*'"),
    ),
    ["queue purge --reason '*poison*' --local", "queue purge --yes --stage production"],
  ).action(async (options: Common & ConfirmOptions & { readonly reason?: string }) => {
    await withTarget(options, terminal, (target) => purge(target, options, terminal));
  });
}

/** Message by message, so that it can be told how many were lost, and none that was parked meanwhile. */
async function purge(
  target: Target,
  options: Common & ConfirmOptions & { readonly reason?: string },
  terminal: Terminal,
): Promise<void> {
  const { reason } = options;
  const which = reason === undefined ? "every parked record" : `the records parked for "${reason}"`;
  await confirm(`Delete ${which} of ${target.label}? Their traces are lost.`, options, terminal);
  const { parkedRecords } = await import("../records/sources.ts");
  const { matches } = await import("../records/bring-back.ts");
  let purged = 0;
  for await (const page of parkedRecords(await target.records())) {
    const those = page.filter((record) => reason === undefined || matches(reason, record.reason ?? ""));
    await Promise.all(those.map((record) => record.remove()));
    purged += those.length;
    terminal.progress?.(`${purged} deleted`);
    if (terminal.interrupt?.aborted) break;
  }
  terminal.progress?.("");
  terminal.print(options.json ? JSON.stringify({ purged }) : `${purged} parked records deleted.`);
  if (purged > 0) {
    await target.record({
      action: "queue.purge",
      subject: which,
      changes: { records: { from: purged, to: 0 } },
    });
  }
}
