/** Where the secrets of a place are: the keys of its providers and drains. */
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { LocalEndpoints } from "@sluice/local/endpoints";

/** The two secrets of a place. */
export interface SecretPlace {
  readonly client: SecretsManagerClient;
  /** Name of the secret with the providers' keys. */
  readonly providers: string;
  /** Name of the secret with the drains' credentials. */
  readonly drains: string;
}

/** Those of the local system, which has the names that a stage called `local` would have. */
export function localSecretPlace({ endpoints }: LocalEndpoints): SecretPlace {
  const client = new SecretsManagerClient({
    endpoint: endpoints.secretsManager,
    region: "us-east-1",
    // The stand-in looks at none.
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return { client, ...namesBelow("sluice/local") };
}

/** Those of a stage: `prefix` is app and stage (infra/secrets.ts). */
export function stageSecretPlace(prefix: string): SecretPlace {
  return { client: new SecretsManagerClient({}), ...namesBelow(prefix) };
}

function namesBelow(prefix: string): Pick<SecretPlace, "providers" | "drains"> {
  return { providers: `${prefix}/providers`, drains: `${prefix}/drains` };
}
