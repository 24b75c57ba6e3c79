/** Takes the pictures of docs/console.md: a local system of its own, the calls of the tests, and a Chromium of this machine. */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createKeyStore } from "@sluice/aws";
import { hashSecret, newKeyId, newSecret } from "@sluice/keys";
import { type LocalSystem, startLocal } from "@sluice/local";
import { parseUsd } from "@sluice/prices";
import type { Page } from "playwright-core";
import { findChromium, openBrowser } from "../test/support/browser.ts";
import { sendMixedCalls } from "../test/support/mixed-calls.ts";
import { parkRecords } from "../test/support/parked-records.ts";

const IMAGES = join(import.meta.dirname, "../docs/images");
const SIZE = { width: 1180, height: 700 };
/** For the last calls to be settled, and for what moves to stand still. */
const SETTLED_MS = 3000;
const KEYS = [
  { alias: "checkout", tenant: "acme", budget: "0.004" },
  { alias: "support-bot", tenant: "acme", budget: "0.0024" },
  { alias: "nightly-report", tenant: "globex", budget: "1" },
] as const;
const REASONS = [
  "default: HTTP 400: Invalid request data",
  "default: HTTP 400: Invalid request data",
  "poison: not a record",
];

/** In which of the two each view is taken. */
const SCHEMES: Readonly<Record<string, "dark" | "light">> = { trace: "light", queue: "light" };

const shots: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  calls: async (page) => {
    await page.keyboard.press("1");
    await page.locator(".lines .line").first().waitFor();
  },
  trace: async (page) => {
    await page.getByText("catalogue.json").first().click();
    await page.locator(".conversation").waitFor();
  },
  budgets: async (page) => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    await page.getByRole("meter").first().waitFor();
  },
  queue: async (page) => {
    await page.keyboard.press("3");
    await page.locator(".reason").first().waitFor();
  },
  charts: async (page) => {
    await page.keyboard.press("4");
    await page.locator(".plot canvas").first().waitFor();
  },
};

const chromium = findChromium();
if (chromium === undefined) {
  process.stderr.write("There is no Chromium: install Debian's package chromium, or set CHROMIUM_PATH.\n");
  process.exit(1);
}
const directory = await mkdtemp(join(tmpdir(), "sluice-screenshots-"));
const system = await startLocal({
  env: { PORT: "0", SLUICE_DATA_DIR: directory },
  withConsole: true,
  batchWindowSeconds: 0,
});
try {
  await fill(system);
  await takeAll(chromium, system.consoleUrl ?? "");
} finally {
  await system.stop();
  await rm(directory, { recursive: true, force: true });
}

async function fill(system: LocalSystem): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({
    endpoint: system.endpoints.dynamodb,
    region: "us-east-1",
    credentials,
  });
  const store = createKeyStore({ client, table: system.table });
  for (const { alias, tenant, budget } of KEYS) {
    const secret = newSecret(randomBytes);
    await store.put({
      id: newKeyId(randomBytes),
      hash: hashSecret(secret),
      alias,
      tenant,
      status: "enabled",
      createdAtMs: Date.now(),
      budget: { limit: parseUsd(budget), period: "month", mode: "soft" },
    });
    await sendMixedCalls({ url: system.url, key: secret });
  }
  await store.putTenant({
    name: "acme",
    budget: { limit: parseUsd("0.02"), period: "month", mode: "strict" },
  });
  client.destroy();
  await parkRecords(system, REASONS, { from: 100, nowMs: Date.now() });
}

async function takeAll(chromium: string, url: string): Promise<void> {
  await mkdir(IMAGES, { recursive: true });
  const browser = await openBrowser(chromium);
  try {
    for (const colorScheme of ["dark", "light"] as const) {
      const page = await browser.newPage({ viewport: SIZE, colorScheme, reducedMotion: "reduce" });
      await page.goto(url);
      await page.locator(".live:not(.off)").waitFor();
      for (const [name, show] of Object.entries(shots)) {
        await show(page);
        if ((SCHEMES[name] ?? "dark") !== colorScheme) continue;
        await sleep(SETTLED_MS);
        await page.screenshot({ path: join(IMAGES, `console-${name}-${colorScheme}.png`) });
      }
      await page.close();
    }
  } finally {
    await browser.close();
  }
}
