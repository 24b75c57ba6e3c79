/** The line of progress, on a stand-in for a terminal that shows what a person would see. */
import { createDeadLetters } from "@sluice/aws";
import { describe, expect, it } from "vitest";
import { progressOn } from "../../../packages/cli/src/progress.ts";
import { commandLine, recordStores } from "../../support/cli.ts";
import { messageBody, numberedRecord } from "../../support/records.ts";

/** A terminal of one line: what it shows after each write. */
function terminal(columns?: number) {
  const shown: string[] = [];
  let line = "";
  return {
    shown,
    isTTY: true,
    ...(columns !== undefined && { columns }),
    write(text: string) {
      // What follows a return to the line's start and an erasure is all there is.
      const parts = text.split("\r\u001b[K");
      line = parts.length > 1 ? (parts.at(-1) ?? "") : line + text;
      shown.push(line);
    },
  };
}

describe("progress", () => {
  it("takes the place of what was there, whatever its length, and ends with nothing", () => {
    const screen = terminal();
    const progress = progressOn(screen);
    for (const text of ["10 of 100", "9", ""]) progress?.(text);
    expect(screen.shown).toEqual(["10 of 100", "9", ""]);
  });

  it("never wraps, since a wrapped line stays", () => {
    const screen = terminal(10);
    progressOn(screen)?.("x".repeat(50));
    expect(screen.shown).toEqual(["x".repeat(9)]);
  });

  it("is not shown where there is no terminal", () => {
    expect(progressOn({ write: () => true })).toBeUndefined();
    expect(progressOn({ isTTY: false, write: () => true })).toBeUndefined();
  });

  it("of a replay is a bar that fills up, apart from the output", async () => {
    const stores = await recordStores();
    const cli = await commandLine({}, stores.server);
    const park = createDeadLetters(stores.sqs, stores.deadLetterQueueUrl);
    for (let number = 0; number < 3; number += 1) await park(messageBody(numberedRecord(number)), "poison");
    const screen = terminal(100);
    cli.progress = progressOn(screen);
    const { stdout, stderr } = await cli.run("replay", "--from", "dlq", "--yes", "--local");
    const bar = (sent: number) => `${"█".repeat(sent * 10)}${"░".repeat(30 - sent * 10)} ${sent} of 3`;
    expect(screen.shown).toEqual([bar(1), bar(2), bar(3), ""]);
    expect(stdout).toBe("3 records sent again.\n");
    expect(stderr).not.toMatch(/█/);
  });

  it("of a log is a count, since nobody knows how many records it has, and is gone when the command fails", async () => {
    const stores = await recordStores();
    const cli = await commandLine({}, stores.server);
    const { DeleteQueueCommand } = await import("@aws-sdk/client-sqs");
    await createDeadLetters(stores.sqs, stores.deadLetterQueueUrl)(messageBody(numberedRecord(1)), "poison");
    await stores.sqs.send(new DeleteQueueCommand({ QueueUrl: stores.queueUrl }));
    const screen = terminal(100);
    cli.progress = progressOn(screen);
    expect(await cli.run("replay", "--from", "dlq", "--yes", "--local")).toMatchObject({ exitCode: 1 });
    expect(screen.shown.at(-1)).toBe("");
  });
});
