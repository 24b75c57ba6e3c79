import { generateKeyPairSync } from "node:crypto";
import { createGoogleAccessTokens } from "@sluice/providers/google-access-token";
import { describe, expect, it, onTestFinished } from "vitest";
import { startGateway } from "../../support/gateway.ts";
import { type Answerer, chatCompletion, json, startUpstream } from "../../support/upstream.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const TOKEN = json({ access_token: "ya29.token", expires_in: 3600, token_type: "Bearer" });

/**
 * A gateway with a provider that wants access tokens, and a model that falls back to one that wants none. `stored` makes the key as
 * it is stored, with the address of the token endpoint in it.
 */
async function start(tokenEndpoint: Answerer, stored = serviceAccount) {
  const google = await startUpstream(tokenEndpoint);
  const provider = await startUpstream(json(chatCompletion("from Google")));
  const backup = await startUpstream(json(chatCompletion("from the backup")));
  const gateway = await startGateway({
    config: {
      providers: {
        google: { baseUrl: provider.baseUrl, auth: "google-oauth" },
        backup: { baseUrl: backup.baseUrl },
      },
      models: { careful: { targets: ["google/m"], fallbacks: ["backup/m"], retries: 0 } },
    },
    apiKeys: { google: stored(new URL("/token", google.baseUrl).href), backup: "sk-backup" },
    googleAccessToken: createGoogleAccessTokens({
      post: async (url, form, signal) => {
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        const answer = await fetch(url, { method: "POST", headers, body: form, signal });
        return { status: answer.status, body: await answer.text() };
      },
      nowMs: Date.now,
    }),
  });
  onTestFinished(async () => {
    await gateway.stop();
    await Promise.all([google, provider, backup].map((upstream) => upstream.stop()));
  });
  const call = async (model: string) => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}` },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
    });
    return { response, text: await response.text() };
  };
  return { call, provider, gateway };
}

function serviceAccount(tokenUri: string): string {
  return JSON.stringify({
    type: "service_account",
    client_email: "sluice@project.iam.gserviceaccount.com",
    private_key: PEM,
    token_uri: tokenUri,
  });
}

describe("a provider that wants Google's access tokens", () => {
  it("gets one for the stored service account", async () => {
    const { call, provider } = await start(TOKEN);
    expect((await call("google/m")).text).toContain("from Google");
    expect(provider.requests[0]?.headers.authorization).toBe("Bearer ya29.token");
  });

  it.each([
    ["is no service account's", TOKEN, () => "planted-key", "store the whole JSON file"],
    [
      "Google no longer knows",
      json({ error: "invalid_grant", error_description: "Invalid JWT Signature." }, 400),
      serviceAccount,
      "invalid_grant",
    ],
  ])("tells the operator what to do with a key that %s", async (_why, endpoint, stored, remedy) => {
    const { call, provider, gateway } = await start(endpoint, stored);
    const { response, text } = await call("google/m");

    expect(response.status).toBe(500);
    expect(response.headers.get("x-should-retry")).toBe("false");
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ code: "provider_not_configured" });
    expect(error.message).toContain('The provider "google"');
    expect(error.message).toContain(remedy);
    expect(text + JSON.stringify(gateway.logLines)).not.toMatch(/planted-key|PRIVATE KEY/);
    expect(provider.requests).toEqual([]);
    expect(gateway.records).toMatchObject([{ outcome: { code: "provider_not_configured" } }]);
  });

  it("is as good as unreachable while the token endpoint fails, and a call goes elsewhere", async () => {
    const { call } = await start(json({}, 503));
    const { response, text } = await call("google/m");
    expect(response.status).toBe(502);
    expect(JSON.parse(text).error).toMatchObject({ code: "upstream_unreachable" });
    expect(response.headers.get("x-should-retry")).not.toBe("false");

    expect((await call("careful")).text).toContain("from the backup");
  });
});
