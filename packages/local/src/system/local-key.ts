/** The virtual key of a local run: the one that was asked for, else the same one as in the last run. */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import type { DynamoKeyStore } from "@sluice/aws";
import {
  hashSecret,
  newKeyId,
  newSecret,
  parseSecret,
  type VirtualKey,
  type VirtualKeySecret,
} from "@sluice/keys";

const OWNER_ONLY = 0o600;

/** The key in the file; a new one is made and kept there when the file has none. */
export async function keptKey(file: string): Promise<VirtualKeySecret> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const kept = parseSecret(text.trim());
  if (kept) return kept;
  const secret = newSecret(randomBytes);
  await writeFile(file, `${secret}\n`, { mode: OWNER_ONLY });
  return secret;
}

/** Stores the key unless it is there, so that its id stays the same. */
export async function seedKey(
  store: Pick<DynamoKeyStore, "findByHash" | "put">,
  secret: VirtualKeySecret,
  nowMs: number,
): Promise<void> {
  const hash = hashSecret(secret);
  if (await store.findByHash(hash)) return;
  const key: VirtualKey = {
    id: newKeyId(randomBytes),
    hash,
    alias: "local",
    status: "enabled",
    createdAtMs: nowMs,
  };
  await store.put(key);
}
