/** `sluice replay --log-group`, through the real client, against a stand-in that speaks CloudWatch's protocol. */
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { unsentRecordFields } from "@sluice/trace";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { commandLine, NOON_MS, recordStores } from "../../../support/cli.ts";
import { seededRandom } from "../../../support/delivery.ts";
import { type LogEvent, logEvents } from "../../../support/log-events.ts";
import { messageBody, numberedRecord } from "../../../support/records.ts";

const GROUP = "/aws/lambda/sluice-production-gateway";
const MINUTE_MS = 60_000;

const bodyOf = (number: number) => messageBody(numberedRecord(number));

/** The lines that the gateway writes when neither queue nor bucket takes a record. */
function lines(number: number, agoMs: number, body = bodyOf(number)): readonly LogEvent[] {
  return unsentRecordFields(numberedRecord(number).callId, body).map((fields) => ({
    timestamp: NOON_MS - agoMs,
    message: `${JSON.stringify({ level: "error", message: "It follows in this line.", ...fields })}\n`,
  }));
}

/** It does not compress, so that it needs more than one line. */
const random = seededRandom(9);
const longBody = messageBody(
  numberedRecord(9, {
    request: {
      contentType: "text/plain",
      body: Buffer.from(Array.from({ length: 60_000 }, () => Math.floor(random() * 256))),
    },
  }),
);

async function world(events: readonly LogEvent[], pageSize = 3) {
  const logs = await logEvents({ [GROUP]: events }, pageSize);
  vi.stubEnv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  const stores = await recordStores();
  const cli = await commandLine({}, stores.server);
  const queued = async () => {
    const { Messages = [] } = await stores.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stores.queueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
      }),
    );
    return Messages.map(({ Body = "" }) => Body).toSorted();
  };
  const replay = (...args: readonly string[]) =>
    cli.json("replay", "--from", "log", "--log-group", GROUP, "--yes", ...args);
  return { logs, cli, queued, replay };
}

beforeEach(() => () => vi.unstubAllEnvs());

describe("sluice replay --log-group", () => {
  it("sends every record of the log, over all pages, also one in several lines, and asks for marked lines only", async () => {
    const { logs, queued, replay } = await world([
      ...[1, 2, 3, 4, 5].flatMap((number) => lines(number, number * MINUTE_MS)),
      { timestamp: NOON_MS - MINUTE_MS, message: "REPORT RequestId: 1\n" },
      ...lines(9, MINUTE_MS, longBody),
    ]);
    expect(lines(9, 0, longBody).length).toBeGreaterThan(1);
    expect(await replay()).toMatchObject({ sent: 6 });
    expect(await queued()).toEqual([...[1, 2, 3, 4, 5].map(bodyOf), longBody].toSorted());
    expect(logs.requests.length).toBeGreaterThan(2);
    expect(logs.requests[0]).toEqual({
      logGroupName: GROUP,
      startTime: NOON_MS - 60 * MINUTE_MS,
      filterPattern: '"SLUICE_UNSENT_RECORD"',
    });
    expect(logs.requests[1]).toEqual({ ...logs.requests[0], nextToken: "1" });
  });

  it("goes back as far as --since says, and a dry run sends nothing", async () => {
    const { queued, replay } = await world([...lines(1, 30 * MINUTE_MS), ...lines(2, 120 * MINUTE_MS)]);
    expect(await replay("--dry-run")).toMatchObject({ sent: 1 });
    expect(await replay("--since", "3h", "--dry-run")).toMatchObject({ sent: 2 });
    expect(await queued()).toEqual([]);
    await replay("--since", "3h");
    expect(await queued()).toHaveLength(2);
  });

  it("reads on after it was throttled", async () => {
    const { logs, replay } = await world([1, 2, 3, 4].flatMap((number) => lines(number, MINUTE_MS)));
    logs.throttled = 1;
    expect(await replay()).toMatchObject({ sent: 4 });
  });

  it("says so when there is no such log group, and sends nothing", async () => {
    const { cli, queued } = await world([]);
    const other = ["--log-group", "/aws/lambda/other"];
    const { exitCode, stderr } = await cli.run("replay", "--from", "log", ...other, "--yes", "--local");
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "sluice: There is no log group /aws/lambda/other in us-east-1: check --log-group, AWS_REGION and AWS_PROFILE.\n",
    );
    expect(await queued()).toEqual([]);
  });
});
