/** A place in which all is well, for the doctor to look at and for tests to spoil: every store, a provider and a Langfuse. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { onTestFinished } from "vitest";
import { startSecretsManager } from "../../packages/local/src/secrets-manager/server.ts";
import { ENDPOINTS_FILE, type LocalEndpoints } from "../../packages/local/src/system/endpoints-file.ts";
import { commandLine, recordStores } from "./cli.ts";
import { makeHealthy } from "./healthy-stores.ts";
import { type LangfuseServerOptions, SERVER_KEYS, startLangfuseServer } from "./langfuse-server.ts";
import { json, startUpstream } from "./upstream.ts";

/** What a finding looks like to a program. */
export interface ShownFinding {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly remedy?: string;
}

/** The providers' key that its provider takes. */
export const PROVIDER_KEY = "sk-good";

/** Makes one as the local system; ended with the test. */
export async function examinedPlace(options: { readonly langfuse?: LangfuseServerOptions } = {}) {
  const stores = await recordStores();
  const env: Record<string, string> = {};
  const cli = await commandLine(env, stores.server);
  await makeHealthy(cli, stores);
  const setQueue = async (QueueUrl: string, Attributes: Record<string, string>) => {
    await stores.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  };
  const secrets = await startSecretsManager({});
  const secretsClient = new SecretsManagerClient({
    endpoint: secrets.url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const langfuse = await startLangfuseServer(options.langfuse);
  const upstream = await startUpstream(({ headers }, response) => {
    const isGood =
      headers.authorization === `Bearer ${PROVIDER_KEY}` || headers["x-api-key"] === PROVIDER_KEY;
    const answer = isGood
      ? json({ data: [] })
      : json({ error: { message: "Incorrect API key provided" } }, 401);
    void answer({ method: "GET", path: "", headers, body: "" }, response);
  });
  onTestFinished(async () => {
    secretsClient.destroy();
    await secrets.close();
    await langfuse[Symbol.asyncDispose]();
    await upstream.stop();
  });
  const made = new Set<string>();
  const config = join(cli.dataDirectory, "sluice.config.mjs");
  const place = {
    ...stores,
    cli,
    langfuse,
    upstream,
    secretsUrl: secrets.url,
    /** Sets a variable of the shell. */
    setVariable(name: string, value: string) {
      env[name] = value;
    },
    /** The config's file. */
    config,
    setQueue,
    putSecret: async (name: "providers" | "drains", value: unknown) => {
      await place.putSecretOf("local", name, value);
    },
    /** Puts a secret of a stage, which may not have been there. */
    async putSecretOf(stage: string, name: "providers" | "drains", value: unknown) {
      const SecretId = `sluice/${stage}/${name}`;
      const SecretString = JSON.stringify(value);
      if (made.has(SecretId)) {
        await secretsClient.send(new PutSecretValueCommand({ SecretId, SecretString }));
      } else {
        await secretsClient.send(new CreateSecretCommand({ Name: SecretId, SecretString }));
        made.add(SecretId);
      }
    },
    /** Writes the config; what is given takes the place of the good one's members. Once for a test: modules are cached. */
    async writeConfig(changes: object = {}) {
      const good = {
        providers: { house: { baseUrl: upstream.baseUrl } },
        drains: { default: { type: "langfuse", baseUrl: langfuse.baseUrl } },
      };
      await writeFile(config, `export default ${JSON.stringify({ ...good, ...changes })};\n`);
    },
    /** Which Langfuse the local system writes to. */
    async pointLangfuseAt(langfuseUrl: string) {
      await writeEndpoints(cli.dataDirectory, {
        pid: process.pid,
        gatewayUrl: "http://127.0.0.1:9",
        langfuseUrl,
        endpoints: {
          dynamodb: cli.dynamodb.url,
          s3: stores.server.url,
          secretsManager: secrets.url,
          sqs: stores.server.url,
        },
        table: cli.table,
        queueUrl: stores.queueUrl,
        deadLetterQueueUrl: stores.deadLetterQueueUrl,
        bucket: "records",
      });
    },
    /** Runs the doctor, and returns what it found; `unhealthy` when it says that something fails. */
    async examine(...args: readonly string[]) {
      const result = await cli.run("doctor", "--local", "--json", "--config", config, ...args);
      const report = JSON.parse(result.stdout) as {
        readonly healthy: boolean;
        readonly checks: readonly ShownFinding[];
      };
      return { ...report, exitCode: result.exitCode, stderr: result.stderr };
    },
  };
  await place.putSecret("providers", { house: PROVIDER_KEY });
  await place.putSecret("drains", { default: SERVER_KEYS });
  await place.pointLangfuseAt(langfuse.baseUrl);
  return place;
}

async function writeEndpoints(dataDirectory: string, endpoints: LocalEndpoints): Promise<void> {
  await writeFile(join(dataDirectory, ENDPOINTS_FILE), JSON.stringify(endpoints));
}
