/** The local console in a real browser. Where there is no Chromium, these tests are skipped, and say so. */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createKeyStore } from "@sluice/aws";
import { hashSecret, newKeyId, newSecret } from "@sluice/keys";
import { parseUsd } from "@sluice/prices";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openSpanStore } from "../../packages/local/src/sink/span-store.ts";
import { findChromium, openBrowser } from "../support/browser.ts";
import { temporaryDirectory } from "../support/local-lambda.ts";
import { FAILED_CALLS, MIXED_CALLS, sendMixedCalls } from "../support/mixed-calls.ts";
import { parkRecords } from "../support/parked-records.ts";
import { startSystem, type TestSystem } from "../support/system.ts";

const ROOT = join(import.meta.dirname, "../..");
const chromium = findChromium();
if (chromium === undefined) {
  process.stderr.write(
    "\n*** SKIPPED: the console is not tested in a browser, for there is no Chromium. Install Debian's package chromium, or set CHROMIUM_PATH. ***\n\n",
  );
}

async function startWithConsole(env: Readonly<Record<string, string>> = {}) {
  const directory = join(await temporaryDirectory(), "data");
  const system = await startSystem({ SLUICE_DATA_DIR: directory, ...env }, { withConsole: true });
  onTestFinished(() => system.stop());
  return { ...system, directory, consoleUrl: system.consoleUrl ?? "" };
}

describe.skipIf(chromium === undefined)("the console in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium ?? "");
  });
  afterAll(async () => {
    await browser.close();
  });

  /** Opens the page, and fails the test for an error in it or a request to anywhere else. */
  async function openConsole(url: string, options: { readonly colorScheme?: "dark" | "light" } = {}) {
    const page = await browser.newPage({ viewport: { width: 1360, height: 820 }, ...options });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("request", (sent) => {
      if (!sent.url().startsWith(`${url}/`) && !sent.url().startsWith("data:")) complaints.push(sent.url());
    });
    onTestFinished(async () => {
      await page.close();
      expect(complaints).toEqual([]);
    });
    await page.goto(`${url}/`);
    await page.locator(".live:not(.off)").waitFor();
    return page;
  }

  const tally = (page: Page, text: string) => page.locator(".tally", { hasText: text }).waitFor();

  it("shows twenty mixed calls as they are delivered, and each of them as a trace, by the keyboard alone", async () => {
    const system = await startWithConsole();
    const page = await openConsole(system.consoleUrl);
    await page.getByText("No calls yet.").waitFor();

    await sendMixedCalls(system);
    await expect.poll(() => system.spans().length, { timeout: 20_000 }).toBe(MIXED_CALLS);
    await tally(page, `${MIXED_CALLS} calls`);

    expect(await page.locator(".lines .level.error").count()).toBe(FAILED_CALLS);
    await page.keyboard.press("/");
    await page.keyboard.type("CATALOGUE sonnet");
    await tally(page, `1 of ${MIXED_CALLS} calls`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const trace = page.getByRole("region", { name: "Trace" });
    await trace.getByRole("heading", { name: "chat claude-sonnet-5" }).waitFor();
    const conversation = trace.locator(".conversation");
    await conversation.getByText("You are a careful engineer.").waitFor();
    expect(await conversation.locator(".turn h3").allTextContents()).toEqual([
      "system",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
    expect(await conversation.locator(".tool b").allTextContents()).toEqual(["list_files"]);
    expect(await conversation.locator(".tool.result").textContent()).toContain("catalogue.json 241 KB");
    expect(await conversation.locator("details.reasoning[open]").count()).toBe(0);
    await conversation.locator("details.reasoning summary").press("Enter");
    await conversation.getByText("I should list the files first").waitFor({ state: "visible" });
    expect(await trace.getByRole("region", { name: "Waterfall" }).getByRole("listitem").count()).toBe(1);

    await trace.getByRole("tab", { name: "Metadata" }).press("Enter");
    await trace.getByRole("row", { name: /^endpoint messages$/ }).waitFor();
    await trace.getByRole("tab", { name: "JSON" }).press("Enter");
    const json = JSON.parse((await trace.locator(".json pre").textContent()) ?? "") as { spans: unknown[] };
    expect(json.spans).toHaveLength(1);
    await page.keyboard.press("Escape");
    await trace.waitFor({ state: "detached" });
  });

  it("narrows the list by key, model and level, and shows a picture as a placeholder", async () => {
    const system = await startWithConsole();
    await sendMixedCalls(system);
    const page = await openConsole(system.consoleUrl);
    await tally(page, `${MIXED_CALLS} calls`);

    await page.getByLabel("Filter by level").selectOption("ERROR");
    await tally(page, `${FAILED_CALLS} of ${MIXED_CALLS} calls`);
    await page.getByLabel("Filter by model").selectOption("demo-error-429");
    await tally(page, `1 of ${MIXED_CALLS} calls`);
    await page.getByRole("button", { name: "Clear" }).click();
    await tally(page, `${MIXED_CALLS} calls`);

    await page.getByText("What is in this picture?").click();
    await page.locator(".media", { hasText: "image/png" }).waitFor();
    expect(await page.locator(".conversation img").count()).toBe(0);
    // From one call to the next while one is open, and back to the list.
    const name = () => page.locator(".trace-head .ids").textContent();
    const first = await name();
    await page.keyboard.press("j");
    await expect.poll(name).not.toBe(first);
    await page.getByRole("button", { name: "Close the call" }).click();
    await page.locator(".trace-pane").waitFor({ state: "detached" });
  });

  it("shows a budget as a bar, with what is spent of it", async () => {
    const system = await startWithConsole();
    const secret = await makeKey(system, "my-app", "1");
    const page = await openConsole(system.consoleUrl);
    await page.keyboard.press("2");
    const bar = page.getByRole("meter", { name: "Budget of key my-app" });
    await bar.waitFor();
    expect(await bar.getAttribute("aria-valuenow")).toBe("0");

    await sendMixedCalls({ url: system.url, key: secret });

    await expect
      .poll(async () => Number(await bar.getAttribute("aria-valuenow")), { timeout: 20_000 })
      .toBeGreaterThan(0);
    expect(await bar.getAttribute("aria-valuetext")).toMatch(/^\$0\.00\d+ of \$1\.00 spent, \$\S+ reserved$/);
    await page
      .getByText(/^Starts anew/)
      .first()
      .waitFor();
  });

  it("shows why records are parked, and sends them again when the person confirms", async () => {
    const system = await startWithConsole();
    const reasons = ["default: HTTP 400", "default: HTTP 400", "default: HTTP 422"];
    await parkRecords(system, reasons, { from: 100, nowMs: Date.now() });
    const page = await openConsole(system.consoleUrl);
    await page.keyboard.press("3");
    await page.locator(".reason .why").nth(1).waitFor();
    expect(await page.locator(".reason .why").allTextContents()).toEqual([
      "default: HTTP 400",
      "default: HTTP 422",
    ]);

    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(system.spans()).toEqual([]);

    await page.getByRole("button", { name: "Send again what is parked for: default: HTTP 422" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.getByText("1 record sent again. 2 parked for another reason.").waitFor();
    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByText("2 are parked.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await page.getByText("2 records sent again.").waitFor();
    await page.getByText("None: every record that could be delivered was.").waitFor();
    await page.keyboard.press("1");
    await tally(page, "3 calls");
  });

  it("stays small with ten thousand calls: only the lines on the screen are there", async () => {
    const system = await startWithConsole();
    await sendMixedCalls(system);
    await expect.poll(() => system.spans().length, { timeout: 20_000 }).toBe(MIXED_CALLS);
    multiplyCalls(join(system.directory, "sink.db"), 10_000);

    const page = await openConsole(system.consoleUrl);
    await tally(page, "10,000 calls");
    const grid = page.getByRole("grid");
    const lines = page.locator(".lines > *");
    expect(await grid.getAttribute("aria-rowcount")).toBe("10001");
    expect(await lines.count()).toBeLessThan(60);
    expect(await page.locator("*").count()).toBeLessThan(1500);

    await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.locator('.lines [aria-rowindex="10001"]').waitFor();
    expect(await lines.count()).toBeLessThan(60);
    await page.keyboard.press("/");
    await page.keyboard.type("copy-4711");
    await tally(page, "1 of 10,000 calls");
    await page.keyboard.press("Escape");
    await page.keyboard.press("4");
    await page.getByRole("img", { name: /^Latency: / }).waitFor();
  }, 120_000);

  it("is dark or light as the system is, until the person switches, and every control has a name", async () => {
    const system = await startWithConsole();
    const page = await openConsole(system.consoleUrl, { colorScheme: "dark" });
    const theme = () => page.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("dark");
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(theme).toBe("light");
    await page.getByRole("button", { name: "Switch to dark" }).click();
    expect(await theme()).toBe("dark");
    await page.reload();
    await page.locator(".live:not(.off)").waitFor();
    expect(await theme()).toBe("dark");

    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    for (const view of ["1", "2", "3", "4"]) {
      await page.keyboard.press(view);
      const nameless = await page.locator("a, button, input, select").evaluateAll((controls) =>
        controls
          .filter((control) => {
            const label = control.closest("label")?.textContent;
            return [control.getAttribute("aria-label"), control.textContent, label].every(
              (text) => !text?.trim(),
            );
          })
          .map((control) => control.outerHTML),
      );
      expect(nameless).toEqual([]);
    }
  });

  it("says where the calls are when a real Langfuse has them; all else is there", async () => {
    const system = await startWithConsole({ LANGFUSE_BASE_URL: "http://127.0.0.1:9" });
    const page = await openConsole(system.consoleUrl);
    await page.getByRole("heading", { name: "Calls and their traces are in Langfuse" }).waitFor();
    expect(await page.getByRole("link", { name: "Open 127.0.0.1:9" }).getAttribute("href")).toBe(
      "http://127.0.0.1:9",
    );
    await page.keyboard.press("2");
    await page.getByRole("heading", { name: "key local" }).waitFor();
  });
});

describe("the console's server", () => {
  it.each([
    ["a page that gave its own name to this address", { host: "evil.example:80" }, "GET"],
    ["a page of another origin", { origin: "http://evil.example" }, "GET"],
    ["a form of another page", { "content-type": "text/plain" }, "POST"],
  ] as const)("refuses %s", async (_what, headers, method) => {
    const { consoleUrl } = await startWithConsole();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${consoleUrl}/api/redrive`, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it("lets the page load nothing from elsewhere, and nobody frame it", async () => {
    const { consoleUrl } = await startWithConsole();
    const { headers } = await fetch(consoleUrl);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it("is in nothing that is deployed", async () => {
    for (const name of ["gateway", "flusher"]) {
      const folder = join(ROOT, "dist", name);
      for (const file of await readdir(folder)) {
        const text = await readFile(join(folder, file), "utf8");
        expect(
          `${file} ${/uPlot|preact|text\/event-stream;console|Sluice console/.exec(text)?.[0] ?? ""}`,
        ).toBe(`${file} `);
      }
    }
  });
});

/** A key with a budget for the month, USD. Returns the key itself. */
async function makeKey(system: TestSystem, alias: string, usd: string): Promise<string> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({
    endpoint: system.endpoints.dynamodb,
    region: "us-east-1",
    credentials,
  });
  onTestFinished(() => client.destroy());
  const secret = newSecret(randomBytes);
  await createKeyStore({ client, table: system.table }).put({
    id: newKeyId(randomBytes),
    hash: hashSecret(secret),
    alias,
    status: "enabled",
    createdAtMs: Date.now(),
    budget: { limit: parseUsd(usd), period: "month", mode: "soft" },
  });
  return secret;
}

/** Copies what the sink has until it has so many calls. Each copy says its number where the call said something. */
function multiplyCalls(file: string, total: number): void {
  const store = openSpanStore(file);
  try {
    const originals = store.newest(total).flatMap((id) => store.trace(id));
    const copies = Array.from({ length: total - originals.length }, (_, index) => {
      const original = originals[index % originals.length];
      if (!original) throw new Error("there is no call to copy");
      const id = index.toString(16);
      return {
        ...original,
        traceId: `${"c".repeat(24)}${id.padStart(8, "0")}`,
        spanId: `${"c".repeat(8)}${id.padStart(8, "0")}`,
        startMs: original.startMs - 1000 - index * 20,
        endMs: original.endMs - 1000 - index * 20,
        name: `copy-${index}`,
      };
    });
    store.add(copies);
  } finally {
    store.close();
  }
}
