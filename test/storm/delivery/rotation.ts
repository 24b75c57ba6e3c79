/** Keys that are replaced while the storm goes on: the new one is stored, and the old one refused from then on. */
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { NAMES } from "../../../packages/local/src/system/stores.ts";

/** Whose keys they are. */
export type KeyHolder = "provider" | "langfuse";

/** The keys that are valid now. */
export interface StormKeys {
  /** The newest key. */
  current(holder: KeyHolder): string;
  /** Whether the holder lets a caller in that presents this key. */
  admits(holder: KeyHolder, key: string): boolean;
  /** Replaces the key. `secretsManager`: where the service listens. */
  rotate(holder: KeyHolder, secretsManager: string): Promise<void>;
  /** How often a key was replaced, and how often one that no longer counts was presented. */
  readonly counts: Readonly<Record<KeyHolder, { readonly rotations: number; readonly refused: number }>>;
}

const PREFIX: Readonly<Record<KeyHolder, string>> = { provider: "sk-storm-", langfuse: "sk-lf-storm-" };

/** The first keys. */
export function createStormKeys(): StormKeys {
  const counts = { provider: { rotations: 0, refused: 0 }, langfuse: { rotations: 0, refused: 0 } };
  const valid: Record<KeyHolder, readonly string[]> = {
    provider: [`${PREFIX.provider}0`],
    langfuse: [`${PREFIX.langfuse}0`],
  };
  return {
    counts,
    current: (holder) => valid[holder].at(-1) ?? "",
    admits(holder, key) {
      const admitted = valid[holder].includes(key);
      if (!admitted) counts[holder].refused += 1;
      return admitted;
    },
    async rotate(holder, secretsManager) {
      const key = `${PREFIX[holder]}${++counts[holder].rotations}`;
      // Both count while the new one is being stored, as in every rotation that is done in order.
      valid[holder] = [...valid[holder], key];
      await store(holder, key, secretsManager);
      valid[holder] = [key];
    },
  };
}

async function store(holder: KeyHolder, key: string, endpoint: string): Promise<void> {
  const client = new SecretsManagerClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const SecretId = holder === "provider" ? NAMES.providersSecret : NAMES.drainsSecret;
  const { SecretString = "{}" } = await client.send(new GetSecretValueCommand({ SecretId }));
  const members = Object.entries(JSON.parse(SecretString) as Readonly<Record<string, unknown>>);
  const replaced = members.map(([name, value]) => [
    name,
    holder === "provider" ? key : { ...(value as object), secretKey: key },
  ]);
  await client.send(
    new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(Object.fromEntries(replaced)) }),
  );
  client.destroy();
}
