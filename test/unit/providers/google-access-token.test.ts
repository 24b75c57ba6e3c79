import { generateKeyPairSync, verify } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createGoogleAccessTokens,
  GoogleAccessTokenError,
  type PostForm,
} from "@sluice/providers/google-access-token";
import { describe, expect, test } from "vitest";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

const account = (fields: object = {}) =>
  JSON.stringify({
    type: "service_account",
    client_email: "sluice@project.iam.gserviceaccount.com",
    private_key: pem,
    private_key_id: "kid1",
    token_uri: "https://oauth2.googleapis.com/token",
    ...fields,
  });

const START_MS = Date.parse("2026-11-21T12:00:00Z");

/** A token endpoint that gives `token-1`, `token-2`, … and remembers what it was asked. */
function tokenEndpoint() {
  const asked: { readonly url: string; readonly form: URLSearchParams }[] = [];
  const post: PostForm = (url, form) => {
    asked.push({ url, form: new URLSearchParams(form) });
    const body = JSON.stringify({ access_token: `token-${asked.length}`, expires_in: 3600 });
    return Promise.resolve({ status: 200, body });
  };
  return { post, asked };
}

const never = () => new AbortController().signal;

describe("an access token", () => {
  test("is asked for with a claim that the account's key signed", async () => {
    const { post, asked } = tokenEndpoint();
    const tokens = createGoogleAccessTokens({ post, nowMs: () => START_MS });
    expect(await tokens(account(), never())).toBe("token-1");
    expect(asked[0]?.url).toBe("https://oauth2.googleapis.com/token");
    expect(asked[0]?.form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [head = "", claim = "", signature = ""] = (asked[0]?.form.get("assertion") ?? "").split(".");
    const signed = Buffer.from(signature, "base64url");
    expect(verify("RSA-SHA256", Buffer.from(`${head}.${claim}`), publicKey, signed)).toBe(true);
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown;
    expect(read(head)).toEqual({ alg: "RS256", typ: "JWT", kid: "kid1" });
    expect(read(claim)).toEqual({
      iss: "sluice@project.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: "https://oauth2.googleapis.com/token",
      iat: START_MS / 1000,
      exp: START_MS / 1000 + 3600,
    });
  });

  test("is kept until five minutes before its end, for each key apart", async () => {
    const { post } = tokenEndpoint();
    let nowMs = START_MS;
    const tokens = createGoogleAccessTokens({ post, nowMs: () => nowMs });
    const other = account({ private_key_id: "kid2" });
    expect(await tokens(account(), never())).toBe("token-1");
    expect(await tokens(other, never())).toBe("token-2");
    nowMs += 55 * 60_000 - 1;
    expect(await tokens(account(), never())).toBe("token-1");
    nowMs += 1;
    expect(await tokens(account(), never())).toBe("token-3");
    expect(await tokens(account(), never())).toBe("token-3");
  });

  test("comes over a real connection from a loopback address, as the local tests need it", async () => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.end('{"access_token":"local","expires_in":60}'));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const post: PostForm = async (url, body, signal) => {
      const answer = await fetch(url, { method: "POST", body: new URLSearchParams(body), signal });
      return { status: answer.status, body: await answer.text() };
    };
    const tokens = createGoogleAccessTokens({ post, nowMs: () => START_MS });
    try {
      const key = account({ token_uri: `http://127.0.0.1:${port}/token` });
      expect(await tokens(key, never())).toBe("local");
    } finally {
      server.close();
    }
  });
});

async function failure(json: string, post: PostForm, signal = never()): Promise<unknown> {
  const tokens = createGoogleAccessTokens({ post, nowMs: () => START_MS });
  return tokens(json, signal).then(
    () => {
      throw new Error("a token was given");
    },
    (error: unknown) => error,
  );
}

describe("a key that cannot be used", () => {
  test.each([
    ["no JSON", "AIzaSecretKey", /no service account key/],
    ["an API key in JSON", '{"key":"AIzaSecretKey"}', /no service account key/],
    ["a user's credentials", account({ type: "authorized_user" }), /no service account key/],
    ["without a private key", account({ private_key: "" }), /no service account key/],
    ["with a broken private key", account({ private_key: "-----BEGIN SecretKey" }), /no RSA key/],
    ["with a key of another kind", account({ private_key: elliptic }), /no RSA key/],
    ["for a stranger's host", account({ token_uri: "https://evil.example/token" }), /token_uri/],
    ["for a host that only looks right", account({ token_uri: "https://evilgoogleapis.com/t" }), /token_uri/],
    ["with a user in the address", account({ token_uri: "https://x@oauth2.googleapis.com/" }), /token_uri/],
    ["without encryption", account({ token_uri: "http://oauth2.googleapis.com/token" }), /token_uri/],
    ["with an address that is none", account({ token_uri: "oauth2" }), /token_uri/],
  ])("%s is refused before anything is sent, and never quoted", async (_, json, reason) => {
    const { post, asked } = tokenEndpoint();
    const error = await failure(json, post);
    expect(error).toBeInstanceOf(GoogleAccessTokenError);
    expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(reason) as string });
    expect(String(error)).not.toMatch(/SecretKey|PRIVATE/);
    expect(asked).toEqual([]);
  });
});

describe("a token endpoint that gives none", () => {
  test.each([
    [
      400,
      '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
      false,
      /invalid_grant: Invalid/,
    ],
    [503, "<html>", true, /status 503/],
    [429, "{}", true, /status 429/],
    [200, '{"id_token":"x"}', false, /status 200/],
  ])(
    "with status %i is told with the reason, and is asked again",
    async (status, body, retryable, reason) => {
      const error = await failure(account(), () => Promise.resolve({ status, body }));
      expect(error).toMatchObject({ retryable, message: expect.stringMatching(reason) as string });
      expect(String(error)).not.toContain("PRIVATE KEY");
    },
  );

  test("because it is not there may be tried again", async () => {
    const error = await failure(account(), () => Promise.reject(new Error("ECONNREFUSED")));
    expect(error).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/ECONNREFUSED/) as string,
    });
  });

  test("because the call was aborted rejects with the abort's reason", async () => {
    const reason = new Error("client gone");
    expect(await failure(account(), tokenEndpoint().post, AbortSignal.abort(reason))).toBe(reason);
    const abort = new AbortController();
    const error = await failure(
      account(),
      () => {
        abort.abort(reason);
        return Promise.reject(new Error("aborted"));
      },
      abort.signal,
    );
    expect(error).toBe(reason);
  });
});
