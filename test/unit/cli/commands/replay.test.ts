import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { createDeadLetters, createDeliveryLedger, createEnqueue, depthOf } from "@sluice/aws";
import { type CallId, decodeRecord, encodeRecord, RECORD_PREFIX, unsentRecordFields } from "@sluice/trace";
import { describe, expect, it } from "vitest";
import { matches } from "../../../../packages/cli/src/records/bring-back.ts";
import { commandLine, recordStores } from "../../../support/cli.ts";
import { chatRecord, messageBody } from "../../../support/records.ts";

const callId = (digit: string) => `req_${digit.repeat(32)}` as ReturnType<typeof chatRecord>["callId"];
const bodyOf = (digit: string) => messageBody(chatRecord({ callId: callId(digit) }));

async function world() {
  const stores = await recordStores();
  const cli = await commandLine({}, stores.server);
  const take = async (QueueUrl: string) => {
    const { Messages = [] } = await stores.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    return Messages.map(({ Body = "" }) => Body).toSorted((one, other) => one.length - other.length);
  };
  return {
    ...stores,
    cli,
    park: createDeadLetters(stores.sqs, stores.deadLetterQueueUrl),
    enqueue: createEnqueue(stores.sqs, stores.queueUrl),
    queued: () => take(stores.queueUrl),
    parked: () => take(stores.deadLetterQueueUrl),
  };
}

describe("sluice replay --from dlq", () => {
  it("sends again what is parked for the reason, and leaves the rest where it is", async () => {
    const { cli, park, queued, parked } = await world();
    await park(bodyOf("a"), "langfuse: HTTP 400");
    await park(bodyOf("b"), "langfuse: HTTP 413");
    const args = ["replay", "--from", "dlq", "--reason", "*400"];
    expect(await cli.json(...args, "--dry-run")).toEqual({
      sent: 1,
      passedOver: 1,
      alreadySent: 0,
      interrupted: false,
    });
    expect(await parked()).toHaveLength(2);
    expect(await cli.json(...args, "--yes")).toEqual({
      sent: 1,
      passedOver: 1,
      alreadySent: 0,
      interrupted: false,
    });
    expect(await queued()).toEqual([bodyOf("a")]);
    expect(await parked()).toEqual([bodyOf("b")]);
    expect(await cli.json(...args, "--yes")).toEqual({
      sent: 0,
      passedOver: 1,
      alreadySent: 0,
      interrupted: false,
    });
  });

  it("takes no more than the limit", async () => {
    const { cli, park, queued, parked } = await world();
    for (const digit of ["a", "b", "c"]) await park(bodyOf(digit), "poison");
    await cli.json("replay", "--from", "dlq", "--limit", "2", "--yes");
    expect(await queued()).toHaveLength(2);
    expect(await parked()).toHaveLength(1);
  });

  it("leaves a record parked that the queue does not take", async () => {
    const { cli, park, sqs, queueUrl, parked } = await world();
    const { DeleteQueueCommand } = await import("@aws-sdk/client-sqs");
    await park(bodyOf("a"), "poison");
    await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    const { exitCode } = await cli.run("replay", "--from", "dlq", "--yes", "--local");
    expect(exitCode).toBe(1);
    expect(await parked()).toEqual([bodyOf("a")]);
  });

  it("asks first, and does nothing without a yes", async () => {
    const { cli, park, queued } = await world();
    await park(bodyOf("a"), "poison");
    cli.answer = "n";
    expect(await cli.run("replay", "--from", "dlq", "--local")).toMatchObject({ exitCode: 1 });
    expect(cli.questions).toEqual(["Send the parked records to the queue of the local system again? [y/N] "]);
    expect(await queued()).toEqual([]);
  });
});

describe("sluice queue redrive", () => {
  it("does what replay does with the parked ones", async () => {
    const { cli, park, queued, parked } = await world();
    await park(bodyOf("a"), "langfuse: HTTP 400");
    await park(bodyOf("b"), "langfuse: HTTP 413");
    expect(await cli.json("queue", "redrive", "--reason", "*413", "--yes")).toMatchObject({ sent: 1 });
    expect(await queued()).toEqual([bodyOf("b")]);
    expect(await parked()).toEqual([bodyOf("a")]);
  });

  it("stops when it is asked to, with every record in one place only, and goes on when it is run again", async () => {
    const { cli, park, deadLetterQueueUrl, queueUrl, sqs } = await world();
    const total = 60;
    for (let at = 0; at < total; at++) {
      await park(messageBody(chatRecord({ callId: `req_${String(at).padStart(32, "0")}` as CallId })), "x");
    }
    const count = async (url: string) => {
      const { waiting, inFlight } = await depthOf(sqs, url);
      return waiting + inFlight;
    };
    const controller = new AbortController();
    cli.interrupt = controller.signal;
    const lines: string[] = [];
    cli.progress = (text) => {
      lines.push(text);
      if (lines.length === 20) controller.abort();
    };
    const first = await cli.json<{ sent: number; interrupted: boolean }>("queue", "redrive", "--yes");
    expect(first.interrupted).toBe(true);
    expect(first.sent).toBeLessThan(total);
    expect([await count(queueUrl), await count(deadLetterQueueUrl)]).toEqual([
      first.sent,
      total - first.sent,
    ]);
    expect(lines.some((line) => line.includes(`of ${total}`))).toBe(true);
    cli.interrupt = undefined;
    expect(await cli.json("queue", "redrive", "--yes")).toMatchObject({ sent: total - first.sent });
    expect([await count(queueUrl), await count(deadLetterQueueUrl)]).toEqual([total, 0]);
  });
});

describe("sluice queue purge", () => {
  it("deletes what is parked for the reason, and says so in the audit trail", async () => {
    const { cli, park, parked } = await world();
    await park(bodyOf("a"), "poison");
    await park(bodyOf("b"), "langfuse: HTTP 413");
    expect(await cli.json("queue", "purge", "--reason", "poison", "--yes")).toEqual({ purged: 1 });
    expect(await parked()).toEqual([bodyOf("b")]);
    expect(await cli.json("audit")).toMatchObject([
      {
        action: "queue.purge",
        subject: 'the records parked for "poison"',
        changes: { records: { from: 1, to: 0 } },
      },
    ]);
  });

  it("asks first", async () => {
    const { cli, park, parked } = await world();
    await park(bodyOf("a"), "poison");
    cli.answer = "n";
    expect((await cli.run("queue", "purge", "--local")).exitCode).toBe(1);
    expect(cli.questions[0]).toContain("Their traces are lost");
    expect(await parked()).toHaveLength(1);
  });
});

describe("sluice replay --from spill", () => {
  it("moves each object's message to the queue, once", async () => {
    const { cli, bucket, queued } = await world();
    await bucket.put("spill/2026-11-20/1", Buffer.from(bodyOf("a")));
    await bucket.put("spill/2026-11-21/2", Buffer.from(bodyOf("b")));
    await bucket.put("claims/2026-11-21/3", Buffer.from("no spill"));
    expect(await cli.json("replay", "--from", "spill", "--yes")).toMatchObject({ sent: 2 });
    expect(await cli.json("replay", "--from", "spill", "--yes")).toMatchObject({ sent: 0 });
    expect(new Set(await queued())).toEqual(new Set([bodyOf("a"), bodyOf("b")]));
    expect(await bucket.list("", 10)).toEqual(["claims/2026-11-21/3"]);
  });
});

describe("sluice replay --from log", () => {
  it("sends each record of a file, and stores the object of one too large for a message", async () => {
    const { cli, bucket, queued } = await world();
    const large = chatRecord({
      callId: callId("b"),
      request: {
        contentType: "text/plain",
        body: Buffer.concat(Array.from({ length: 20 }, () => crypto.getRandomValues(new Uint8Array(60_000)))),
      },
    });
    const lines = [
      ...unsentRecordFields(callId("a"), bodyOf("a")),
      ...unsentRecordFields(callId("b"), RECORD_PREFIX + Buffer.from(encodeRecord(large)).toString("base64")),
      { level: "warn", message: "something else" },
    ].map((fields) => JSON.stringify(fields));
    const file = join(cli.dataDirectory, "gateway.log");
    await writeFile(file, lines.toReversed().join("\n"));
    expect(await cli.json("replay", "--from", "log", "--file", file, "--yes")).toMatchObject({ sent: 2 });
    const [claim = "", inline] = await queued();
    expect(inline).toBe(bodyOf("a"));
    const { key } = JSON.parse(claim.replace("sluice/1 claim ", "")) as { key: string };
    const stored = decodeRecord((await bucket.get(key)) ?? new Uint8Array());
    expect(Buffer.compare(stored.request.body, large.request.body)).toBe(0);
  });

  it("names a record of which the file has not every part, and a file that is not there", async () => {
    const { cli } = await world();
    const file = join(cli.dataDirectory, "gateway.log");
    const [first] = unsentRecordFields("req_1", "x".repeat(100_000));
    await writeFile(file, JSON.stringify(first));
    const { stdout, stderr } = await cli.run("replay", "--from", "log", "--file", file, "--yes", "--local");
    expect(stdout).toBe("0 records sent again.\n");
    expect(stderr).toContain("Parts are missing of req_1");
    const missing = await cli.run("replay", "--from", "log", "--file", "none.log", "--yes", "--local");
    expect(missing.stderr).toBe("sluice: none.log cannot be read (ENOENT).\n");
  });

  it.each([
    [["--from", "log"], "Name the log"],
    [["--from", "dlq", "--file", "x"], "A log is read with --from log"],
    [["--from", "spill", "--reason", "x"], "--reason goes with --from dlq"],
    [["--from", "moon"], "Allowed choices"],
  ])("%j is refused", async (args, why) => {
    const cli = await commandLine();
    const { exitCode, stderr } = await cli.run("replay", ...args, "--local");
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(why) as string });
  });
});

describe("sluice queue", () => {
  it("counts what waits, what is parked with its reasons, and what was spilled", async () => {
    const { cli, enqueue, park, bucket } = await world();
    await enqueue(bodyOf("a"), new AbortController().signal);
    for (const digit of ["b", "c"]) await park(bodyOf(digit), "langfuse: HTTP 400");
    await park("not ours", "not a Sluice record");
    await bucket.put("spill/2026-11-21/1", Buffer.from(bodyOf("d")));
    const expected = {
      calls: { accepted: 0, delivered: 0, parked: 0, inFlight: 0, unreadable: 0, unaccounted: 0 },
      queue: { waiting: 1, inFlight: 0, delayed: 0 },
      parked: {
        waiting: 3,
        inFlight: 0,
        delayed: 0,
        reasons: [
          { reason: "langfuse: HTTP 400", count: 2 },
          { reason: "not a Sluice record", count: 1 },
        ],
        oldestSentAt: expect.any(String) as string,
      },
      spilled: 1,
    };
    expect(await cli.json("queue", "status")).toEqual(expected);
    // Looking changed nothing.
    expect(await cli.json("queue", "status")).toEqual(expected);
  });

  it("says what became of every call, and when one is neither delivered nor parked nor in the queue", async () => {
    const { cli } = await world();
    const deliveries = createDeliveryLedger({
      client: cli.client,
      table: cli.table,
      nowMs: () => cli.nowMs,
      random: () => 0,
      wait: () => Promise.resolve(),
    });
    const calls = ["a", "b", "c"].map((digit) => {
      return { callId: callId(digit), messageId: digit, dead: false, seenBefore: false };
    });
    const leaseUntilMs = cli.nowMs;
    await deliveries.take(calls, leaseUntilMs);
    const mark = { callId: callId("a"), drains: ["main"], dead: false, complete: true, leaseUntilMs };
    await deliveries.markDelivered([mark]);
    await deliveries.markParked([{ callId: callId("b"), messageId: "b", leaseUntilMs }]);
    await deliveries.markUnreadable("not ours");
    const text = async () => (await cli.run("queue", "status", "--local")).stdout;
    expect(await text()).toContain("3 accepted = 1 delivered + 1 parked + 1 in flight");
    expect(await text()).toMatch(/^unaccounted +0$/m);
    expect(await text()).toMatch(/^oldest in flight +accepted within the hour$/m);
    expect(await text()).toMatch(/^unreadable +1 parked beside the calls$/m);
    // Nothing of it is in the queue, and no flusher can be at work on it any more.
    cli.nowMs += 5 * 60 * 60_000;
    expect(await cli.json("queue", "status")).toMatchObject({ calls: { inFlight: 1, unaccounted: 1 } });
    expect(await text()).toMatch(/^unaccounted +1: see docs\/delivery.md, Reconciliation$/m);
    expect(await text()).toMatch(/^oldest in flight +accepted at least 4 hours ago$/m);
  });

  it("shows messages without their content", async () => {
    const { cli, park } = await world();
    await park(bodyOf("a"), "langfuse: HTTP 400");
    await park("my secret", "not a Sluice record");
    const { stdout } = await cli.run("queue", "peek", "--dlq", "--json", "--local");
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: "exchange",
          callId: callId("a"),
          key: "ci",
          reason: "langfuse: HTTP 400",
        }),
        expect.objectContaining({ kind: "foreign", reason: "not a Sluice record" }),
      ]) as unknown,
    );
    expect(stdout).not.toMatch(/secret|Say hello/);
  });
});

describe("a glob", () => {
  it("takes * for any text, and every other sign for itself", () => {
    expect(matches("*HTTP 4*", "langfuse: HTTP 400\nbad")).toBe(true);
    expect(matches("a.c", "abc")).toBe(false);
    expect(matches("(a|b)", "a")).toBe(false);
  });
});
