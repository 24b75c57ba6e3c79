import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { expect, it, onTestFinished } from "vitest";
import { startSecretsManager } from "../../../../packages/local/src/secrets-manager/server.ts";
import { temporaryDirectory } from "../../../support/local-lambda.ts";

async function start(file?: string) {
  const server = await startSecretsManager({ ...(file && { file }) });
  onTestFinished(() => server.close());
  const client = new SecretsManagerClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
    maxAttempts: 1,
  });
  return { server, client };
}

async function valueOf(client: SecretsManagerClient, SecretId: string, VersionStage?: string) {
  const { SecretString } = await client.send(
    new GetSecretValueCommand({ SecretId, ...(VersionStage && { VersionStage }) }),
  );
  return SecretString;
}

it("gives a secret by its name and by its ARN", async () => {
  const { client } = await start();
  const { ARN = "" } = await client.send(new CreateSecretCommand({ Name: "providers", SecretString: "{}" }));

  expect(await valueOf(client, "providers")).toBe("{}");
  expect(await valueOf(client, ARN)).toBe("{}");
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:providers-\w{6}$/);
});

it("keeps the value before the last change as the previous one", async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name: "a", SecretString: "one" }));
  await client.send(new PutSecretValueCommand({ SecretId: "a", SecretString: "two" }));
  await client.send(new PutSecretValueCommand({ SecretId: "a", SecretString: "three" }));

  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: "a" }));

  expect(await valueOf(client, "a")).toBe("three");
  expect(await valueOf(client, "a", "AWSPREVIOUS")).toBe("two");
  expect(
    Object.values(VersionIdsToStages ?? {})
      .flat()
      .toSorted(),
  ).toEqual(["AWSCURRENT", "AWSPREVIOUS"]);
});

it("refuses a name that is taken, and knows nothing of one that is not", async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name: "empty" }));

  await expect(client.send(new CreateSecretCommand({ Name: "empty" }))).rejects.toThrow(
    ResourceExistsException,
  );
  await expect(valueOf(client, "nobody")).rejects.toThrow(ResourceNotFoundException);
  await expect(valueOf(client, "empty")).rejects.toThrow(ResourceNotFoundException);
});

it("lists what there is, without what was deleted", async () => {
  const { client } = await start();
  await client.send(new CreateSecretCommand({ Name: "a", SecretString: "1" }));
  await client.send(new CreateSecretCommand({ Name: "b", SecretString: "2" }));
  await client.send(new DeleteSecretCommand({ SecretId: "a", ForceDeleteWithoutRecovery: true }));

  const { SecretList = [] } = await client.send(new ListSecretsCommand({}));

  expect(SecretList.map(({ Name }) => Name)).toEqual(["b"]);
});

it("keeps its secrets across a restart, in a file that only its owner may read", async () => {
  const file = join(await temporaryDirectory(), "secrets.json");
  const first = await start(file);
  await first.client.send(new CreateSecretCommand({ Name: "a", SecretString: "kept" }));
  await first.server.close();

  const second = await start(file);

  expect(await valueOf(second.client, "a")).toBe("kept");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
