/** What drains authenticate with, and the check of it: a value that cannot be right is told before it is sent anywhere. */
import { asObject, asText } from "@sluice/wire";

/** A Langfuse project's API keys. */
export interface LangfuseKeys {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** Where the keys of drains to Langfuse are kept. */
export interface DrainCredentials {
  /**
   * The keys of a drain, or undefined when none are stored. Throws `CredentialsError` for what cannot be keys, and whatever
   * the store throws that does not answer.
   */
  keys(drain: string): Promise<LangfuseKeys | undefined>;
  /** Reads the store again, past any cache; for a drain that has just refused its keys. */
  refreshedKeys(drain: string): Promise<LangfuseKeys | undefined>;
}

/** Where the secret headers of `otlp` drains are kept. */
export interface HeaderCredentials {
  /** The headers of a drain, names in lower case; empty when none are stored. Throws as `DrainCredentials.keys` does. */
  headers(drain: string): Promise<Readonly<Record<string, string>>>;
  /** Reads the store again, past any cache. */
  refreshedHeaders(drain: string): Promise<Readonly<Record<string, string>>>;
}

/** A drain cannot be spoken to with what is stored for it. The message has the remedy, and nothing of the secret. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly refusal: "keys_missing" | "keys_malformed";

  constructor(refusal: CredentialsError["refusal"], message: string) {
    super(message);
    this.refusal = refusal;
  }
}

/** The `authorization` header of Langfuse's API. Throws `CredentialsError` when there are no keys. */
export function basicAuthorization(drain: string, keys: LangfuseKeys | undefined): string {
  if (!keys) {
    const message = `No keys are stored for the drain "${drain}". Add them to the drains' secret.`;
    throw new CredentialsError("keys_missing", message);
  }
  return `Basic ${Buffer.from(`${keys.publicKey}:${keys.secretKey}`).toString("base64")}`;
}

/** The keys in a drain's member of the secret; undefined when it has none. Throws `CredentialsError` for a malformed one. */
export function readLangfuseKeys(drain: string, member: unknown): LangfuseKeys | undefined {
  if (member === undefined) return undefined;
  const fields =
    asObject(member) ?? malformed(drain, 'is no object: it must be {"publicKey": …, "secretKey": …}');
  const [publicKey, secretKey] = (["publicKey", "secretKey"] as const).map((name) => {
    const key = asText(fields[name]) ?? malformed(drain, `has no text as ${name}`);
    // A line break at the end comes along when a key is copied; a colon would end the name in Basic authentication.
    if (!/^[!-9;-~]+$/.test(key))
      malformed(drain, `has a ${name} that is empty or has blanks, line breaks or colons in it`);
    return key;
  });
  if (publicKey === undefined || secretKey === undefined) return malformed(drain, "lacks a key");
  if (publicKey.startsWith("sk-")) malformed(drain, "has a secret key as publicKey: the two are exchanged");
  return { publicKey, secretKey };
}

/** Headers that every export sets itself. */
const TAKEN = /^(content-(type|length|encoding)|host|connection|transfer-encoding)$/;

/** The headers in a drain's member of the secret. Throws `CredentialsError` for a malformed one. */
export function readSecretHeaders(drain: string, member: unknown): Readonly<Record<string, string>> {
  if (member === undefined) return {};
  const fields = asObject(member) ?? malformed(drain, 'is no object: it must be {"headers": {…}}');
  const headers = asObject(fields["headers"]) ?? malformed(drain, "has no object as headers");
  return Object.fromEntries(
    Object.entries(headers).map(([given, value]) => {
      const name = given.toLowerCase();
      if (!/^[a-z0-9_-]+$/.test(name)) malformed(drain, "has a header whose name is none");
      if (TAKEN.test(name)) malformed(drain, `has the header ${name}, which the drain sets itself`);
      const text = asText(value);
      if (text === undefined || !/^[!-~]([\t -~]*[!-~])?$/.test(text)) {
        return malformed(
          drain,
          `has a header ${name} that is no text, empty, or has line breaks or blanks around it`,
        );
      }
      return [name, text];
    }),
  );
}

function malformed(drain: string, what: string): never {
  throw new CredentialsError("keys_malformed", `The member "${drain}" of the drains' secret ${what}.`);
}
