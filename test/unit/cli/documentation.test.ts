import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createAccountStore,
  createDeadLetters,
  createDeliveryLedger,
  createSettlementStore,
} from "@sluice/aws";
import { type AccountRef, bucketFor, periodAt } from "@sluice/ledger";
import { type Picodollars, parseUsd } from "@sluice/prices";
import type { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createProgram } from "../../../packages/cli/src/program.ts";
import type { Terminal } from "../../../packages/cli/src/run.ts";
import { type CommandLine, commandLine, NOON_MS, recordStores } from "../../support/cli.ts";
import { chatRecord, messageBody } from "../../support/records.ts";

const DOCUMENT = join(import.meta.dirname, "../../../docs/cli.md");
const EXAMPLES = /^```console\n([\s\S]*?)^```$/gm;
const PROMPT = "$ npx sluice ";

/** The words of a command line, as a shell takes them. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
    String(single ?? double ?? bare),
  );
}

/** What a gateway and a flusher would have done with the key by then. */
async function useKey(cli: CommandLine, alias: string): Promise<void> {
  const { id, tenant = "" } = await cli.json<{ id: string; tenant?: string }>("keys", "show", alias);
  const nowMs = () => cli.nowMs;
  const options = { client: cli.client, table: cli.table, nowMs, wait: async () => {}, random: Math.random };
  const periodId = periodAt("month", cli.nowMs).id;
  const accounts: readonly AccountRef[] = [
    { owner: { kind: "key", id }, periodId },
    { owner: { kind: "tenant", id: tenant }, periodId },
  ];
  const tokens = { inputTokens: 41_200, outputTokens: 9_350 };
  const settled = (callId: string, model: string, cost: Picodollars) => {
    return { callId, accounts, holds: [], cost, model, ...tokens };
  };
  await createSettlementStore(options).settle({
    accounts,
    settlements: [
      settled("1", "anthropic/claude-opus-4-1", parseUsd("12.375")),
      settled("2", "openai/gpt-4o-mini", parseUsd("0.011790")),
    ],
  });
  const store = createAccountStore(options);
  const [account] = accounts;
  if (!account) throw new Error("The key has no account.");
  await store.reserve(
    { account, bucket: bucketFor(cli.nowMs + 900_000), amount: parseUsd("1.25") },
    parseUsd("25"),
  );
  await store.claimAnnouncement(account, 50);
}

/** Ids that SQS draws. */
const MESSAGE_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const SHOWN_MESSAGE_ID = "3f0c1a52-7a10-4c0e-9f6b-5d1f0c9b8e21";

/** What a flusher and a gateway would have left behind in a bad hour. */
async function leaveBehind({ sqs, deadLetterQueueUrl, bucket }: Awaited<ReturnType<typeof recordStores>>) {
  const body = messageBody(chatRecord());
  await createDeadLetters(sqs, deadLetterQueueUrl)(body, "langfuse: HTTP 400 (invalid id)");
  await bucket.put("spill/2026-11-21/req_1", Buffer.from(body));
}

/** What a flusher would have counted by then. */
async function countCalls({ client, table, nowMs }: CommandLine): Promise<void> {
  const options = { client, table, nowMs: () => nowMs, random: () => 0, wait: async () => {} };
  const deliveries = createDeliveryLedger(options);
  const ids = Array.from({ length: 128 }, (_, at) => `call-${at}`);
  await deliveries.take(
    ids.map((callId) => ({ callId, messageId: callId, dead: false, seenBefore: false })),
    nowMs,
  );
  await deliveries.markDelivered(
    ids.slice(1).map((callId) => ({ callId, drains: ["langfuse"], dead: false, complete: true })),
  );
  await deliveries.markParked([{ callId: "call-0", messageId: "call-0" }]);
}

/** The document with the output that its examples have now. */
async function withOutputs(document: string, cli: CommandLine): Promise<string> {
  let result = document;
  for (const [block, examples = ""] of document.matchAll(EXAMPLES)) {
    let outputs = "";
    for (const line of examples.split("\n").filter((text) => text.startsWith(PROMPT))) {
      cli.nowMs += 60_000;
      vi.setSystemTime(cli.nowMs);
      const { stdout, stderr } = await cli.run(...words(line.slice(PROMPT.length)));
      outputs += `${outputs && "\n"}${line}\n${stdout}${stderr}`.replaceAll(MESSAGE_ID, SHOWN_MESSAGE_ID);
      if (line.includes("--alias shop")) await useKey(cli, "shop");
    }
    // Replaced by a function, since the text may have a `$&` in it.
    result = result.replace(block, () => `\`\`\`console\n${outputs}\`\`\``);
  }
  return result;
}

function commandsOf(command: Command, before: readonly string[] = []): readonly string[] {
  if (command.commands.length === 0) return [before.join(" ")];
  return command.commands.flatMap((child) => commandsOf(child, [...before, child.name()]));
}

afterEach(() => {
  vi.useRealTimers();
});

describe("docs/cli.md", () => {
  it("shows what the commands really print (npx vitest run -u writes it anew)", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOON_MS });
    const stores = await recordStores();
    const cli = await commandLine({}, stores.server);
    await leaveBehind(stores);
    await countCalls(cli);
    const document = await readFile(DOCUMENT, "utf8");
    await expect(await withOutputs(document, cli)).toMatchFileSnapshot(DOCUMENT);
  });

  it("has an example of every command", async () => {
    const document = await readFile(DOCUMENT, "utf8");
    const missing = commandsOf(createProgram({} as Terminal)).filter(
      (name) => !document.includes(`${PROMPT}${name} `),
    );
    expect(missing).toEqual([]);
  });
});
