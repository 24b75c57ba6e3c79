/**
 * Access tokens for Google Cloud from a service account's key, as Vertex AI wants them (Google Identity, "Using OAuth 2.0
 * for Server to Server Applications"): a signed claim is exchanged for a token that holds for an hour.
 */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";

/** Sends a form to a URL. Rejects when no answer comes. */
export type PostForm = (
  url: string,
  form: string,
  signal: AbortSignal,
) => Promise<{ readonly status: number; readonly body: string }>;

/** What the tokens are made with. */
export interface GoogleAccessTokenOptions {
  /** Posts `application/x-www-form-urlencoded`. */
  readonly post: PostForm;
  /** Unix time, milliseconds. */
  readonly nowMs: () => number;
}

/** A token was not to be had. The message names the reason and the remedy, and holds nothing of the key. */
export class GoogleAccessTokenError extends Error {
  override readonly name = "GoogleAccessTokenError";
  /** Whether the same key may work on another try: the token endpoint was at fault, not the key. */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean) {
    super(message);
    this.retryable = retryable;
  }
}

/** What is read of a service account's key, the JSON file that Google Cloud gives out. */
interface ServiceAccount {
  readonly clientEmail: string;
  readonly privateKey: KeyObject;
  readonly privateKeyId: string | undefined;
  readonly tokenUri: string;
}

interface CachedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const DEFAULT_TOKEN_URI = "https://oauth2.googleapis.com/token";

/** The longest that Google lets a claim hold, seconds. */
const CLAIM_LIFETIME_S = 3600;

/** A token is renewed this long before its end, so that no call leaves with one that ends on its way. */
const RENEW_BEFORE_MS = 5 * 60 * 1000;

/** Keys that are remembered at once. An instance serves a few providers; a rotated key must not stay for ever. */
const MAX_CACHED = 32;

/**
 * Gives the access token of a service account's key (the text of its JSON file), from memory until shortly before it ends.
 * Rejects with `GoogleAccessTokenError`, and with the signal's reason when it is aborted.
 */
export function createGoogleAccessTokens({
  post,
  nowMs,
}: GoogleAccessTokenOptions): (serviceAccountJson: string, signal: AbortSignal) => Promise<string> {
  const cache = new Map<string, CachedToken>();

  return async (serviceAccountJson, signal) => {
    signal.throwIfAborted();
    const id = createHash("sha256").update(serviceAccountJson).digest("hex");
    const cached = cache.get(id);
    if (cached && nowMs() < cached.expiresAtMs - RENEW_BEFORE_MS) return cached.token;
    const account = readServiceAccount(serviceAccountJson);
    const fresh = await requestToken(account, post, nowMs(), signal);
    const oldest = cache.size >= MAX_CACHED ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(id, fresh);
    return fresh.token;
  };
}

async function requestToken(
  account: ServiceAccount,
  post: PostForm,
  nowMs: number,
  signal: AbortSignal,
): Promise<CachedToken> {
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: signedClaim(account, Math.floor(nowMs / 1000)),
  });
  const { status, body } = await answerOf(post, account.tokenUri, form.toString(), signal);
  const answer = parseObject(body);
  const token = text(answer?.["access_token"]);
  if (status < 200 || status > 299 || token === undefined) {
    throw refusal(account, status, answer);
  }
  const lifetime = answer?.["expires_in"];
  const lifetimeS = typeof lifetime === "number" && lifetime > 0 ? lifetime : CLAIM_LIFETIME_S;
  return { token, expiresAtMs: nowMs + lifetimeS * 1000 };
}

async function answerOf(post: PostForm, url: string, form: string, signal: AbortSignal) {
  try {
    return await post(url, form, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : "unknown";
    throw new GoogleAccessTokenError(`Google's token endpoint ${url} did not answer: ${why}.`, true);
  }
}

function refusal(
  { clientEmail, tokenUri }: ServiceAccount,
  status: number,
  answer: Readonly<Record<string, unknown>> | undefined,
): GoogleAccessTokenError {
  const reasons = [text(answer?.["error"]), text(answer?.["error_description"])];
  const said = reasons.filter((reason) => reason !== undefined).join(": ");
  const retryable = status >= 500 || status === 429;
  const remedy = retryable ? "Try again." : "Check that the key is not deleted and the clock is right.";
  return new GoogleAccessTokenError(
    `${tokenUri} gave no access token for ${clientEmail} (status ${status}${said && `, ${said.slice(0, 300)}`}). ${remedy}`,
    retryable,
  );
}

/** A JSON Web Token, signed with the account's key (RFC 7519, RFC 7518 `RS256`). */
function signedClaim(account: ServiceAccount, nowS: number): string {
  const { privateKeyId, clientEmail, tokenUri } = account;
  const head = { alg: "RS256", typ: "JWT", ...(privateKeyId !== undefined && { kid: privateKeyId }) };
  const claim = {
    iss: clientEmail,
    scope: SCOPE,
    aud: tokenUri,
    iat: nowS,
    exp: nowS + CLAIM_LIFETIME_S,
  };
  const unsigned = [head, claim].map((part) => base64url(JSON.stringify(part))).join(".");
  const signature = sign("RSA-SHA256", Buffer.from(unsigned), account.privateKey);
  return `${unsigned}.${signature.toString("base64url")}`;
}

function readServiceAccount(json: string): ServiceAccount {
  const key = parseObject(json);
  const clientEmail = text(key?.["client_email"]);
  const privateKey = text(key?.["private_key"]);
  if (!key || key["type"] !== "service_account" || clientEmail === undefined || privateKey === undefined) {
    throw new GoogleAccessTokenError(
      "The provider's API key is no service account key: store the whole JSON file that Google Cloud gave out " +
        '(with "type": "service_account", client_email and private_key).',
      false,
    );
  }
  return {
    clientEmail,
    privateKey: readPrivateKey(privateKey, clientEmail),
    privateKeyId: text(key["private_key_id"]),
    tokenUri: checkedTokenUri(text(key["token_uri"]) ?? DEFAULT_TOKEN_URI),
  };
}

function readPrivateKey(pem: string, clientEmail: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // The parser's message may quote what it read.
  }
  throw new GoogleAccessTokenError(
    `The private_key of ${clientEmail} is no RSA key in PEM form: store the JSON file unchanged, line breaks as \\n.`,
    false,
  );
}

/** A claim that is signed for a stranger's host would be worth an hour of the account: it goes to Google only. */
function checkedTokenUri(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const isLoopback = url !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const isGoogle = url !== undefined && /(?:^|\.)(?:googleapis|google)\.com$/.test(url.hostname);
  const plain = url !== undefined && url.username === "" && url.password === "";
  if (plain && (isLoopback ? /^https?:$/ : /^https:$/).test(url.protocol) && (isLoopback || isGoogle))
    return uri;
  throw new GoogleAccessTokenError(
    "The token_uri of the service account key is not an https address of Google's: store the JSON file unchanged.",
    false,
  );
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function base64url(value: string): string {
  return Buffer.from(value, "utf8").toString("base64url");
}
