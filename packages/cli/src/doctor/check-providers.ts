/** Whether each provider can be called: reached, with a key that it takes. Nothing asked here costs anything. */
import type { ResolvedProvider } from "@sluice/config";
import { needsApiKey } from "@sluice/providers";
import type { Probe, ProbeResult } from "../http-probe.ts";
import { messageIn } from "../http-probe.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

/** Signs a request to Bedrock; undefined when there are no credentials to sign with. */
export type SignGet = (url: URL) => Promise<Readonly<Record<string, string>> | undefined>;

/** What the check of providers needs. */
export interface ProviderChecks {
  /** Names of those that the config's author thought of; the others count only once they have a key. */
  readonly meant: ReadonlySet<string>;
  /** The providers' secret; undefined when it cannot be read. */
  readonly keys: Readonly<Record<string, unknown>> | undefined;
  /** Where the key of a provider is put, as an instruction. */
  readonly storeKey: (provider: string) => string;
  /** Whether the built-in demo model answers for it. */
  readonly isDemo: (provider: ResolvedProvider) => boolean;
  readonly probe: Probe;
  readonly signGet: SignGet;
  /** Gives the access token of a Google service account's key. Rejects when Google does not. */
  readonly googleToken: (serviceAccountJson: string) => Promise<string>;
}

/** Checks them all at the same time. */
export async function checkProviders(
  providers: readonly ResolvedProvider[],
  checks: ProviderChecks,
): Promise<readonly Finding[]> {
  const demo = providers.filter((provider) => checks.isDemo(provider));
  const real = providers.filter((provider) => !checks.isDemo(provider));
  const isUnused = ({ name, auth }: ResolvedProvider) =>
    needsApiKey(auth) && !checks.meant.has(name) && checks.keys?.[name] === undefined;
  const unused = checks.keys ? real.filter(isUnused) : [];
  const used = real.filter((provider) => !unused.includes(provider));
  const found = await Promise.all(used.map((provider) => checkProvider(provider, checks)));
  const hasKey = used.some(({ auth }) => needsApiKey(auth));
  const nobody = unused.length > 0 && !hasKey && demo.length === 0 && checks.meant.size === 0;
  return [
    ...found,
    ...(nobody
      ? [
          fail(
            "providers",
            "No provider has a key: every call would be refused.",
            'put at least one into the providers\' secret, such as {"openai": "sk-…"}',
          ),
        ]
      : []),
    ...listed(demo, "The built-in demo model answers for"),
    ...listed(unused, "No key is stored, and the config does not name"),
  ];
}

function listed(providers: readonly ResolvedProvider[], what: string): readonly Finding[] {
  if (providers.length === 0) return [];
  return [skip("providers", `${what}: ${providers.map(({ name }) => name).join(", ")}.`)];
}

async function checkProvider(provider: ResolvedProvider, checks: ProviderChecks): Promise<Finding> {
  const { name, auth } = provider;
  const title = `provider ${name}`;
  if (auth === "aws-sigv4") return await checkBedrock(provider, checks);
  const request = { headers: { ...provider.headers } };
  let key: string | undefined;
  if (needsApiKey(auth)) {
    if (!checks.keys) return skip(title, "Its key cannot be read, and was not tried.");
    const stored = checks.keys[name];
    if (stored === undefined) {
      const remedy = `${checks.storeKey(name)}, or remove the provider from the config`;
      return fail(title, "No key is stored for it: calls to it are refused.", remedy);
    }
    if (typeof stored !== "string" || stored === "") {
      return fail(
        title,
        "Its key is no text, or empty.",
        `store "${name}": "<key>" in the providers' secret`,
      );
    }
    if (auth !== "google-oauth" && !/^[!-~]+$/.test(stored)) {
      const message = "Its key has blanks or line breaks in it.";
      return fail(title, message, `store "${name}" again without them: they come along when a key is copied`);
    }
    key = stored;
  }
  if (auth === "google-oauth") return await checkVertex(title, key ?? "", checks);
  const answer = await checks.probe(modelsUrl(provider), {
    headers: { ...request.headers, ...(key !== undefined && keyHeader(auth, key)) },
  });
  return judge(title, answer, key === undefined ? undefined : checks.storeKey(name));
}

/** A list of models costs nothing, and needs the same key as a call. */
function modelsUrl({ baseUrl, query }: ResolvedProvider): string {
  return `${baseUrl}/models${query && `?${query}`}`;
}

function keyHeader(auth: ResolvedProvider["auth"], key: string): Readonly<Record<string, string>> {
  return auth === "bearer" ? { authorization: `Bearer ${key}` } : { [auth]: key };
}

/** `storeKey` is the remedy for a key that is refused; undefined when none was sent. */
function judge(title: string, answer: ProbeResult, storeKey: string | undefined): Finding {
  if (answer.kind === "unanswered") return fail(title, `${answer.reason}.`, answer.remedy);
  const { status, body, location } = answer;
  const said = messageIn(body);
  const because = `HTTP ${status}${said === undefined ? "" : `: ${said}`}`;
  if (status < 300)
    return ok(title, storeKey !== undefined ? "It answers, and takes the key." : "It answers.");
  // Gemini answers 400 for a key that it does not know (Gemini API reference, "API_KEY_INVALID").
  if (status === 401 || status === 403 || (status === 400 && /API[ _]key/i.test(body))) {
    return storeKey !== undefined
      ? fail(title, `It refuses the key (${because}).`, `${storeKey}, a valid one`)
      : fail(title, `It wants a key (${because}).`, "set auth in the config, and store a key for it");
  }
  if (status < 400) {
    return fail(title, `It redirects to ${location ?? "another place"}.`, "set baseUrl to where the API is");
  }
  if (status === 404 || status === 405) {
    return warn(title, "It answers, but has no list of models: the key was not tried.", "make a call to it");
  }
  return warn(
    title,
    `It is reached, and has a problem now (${because}).`,
    "look at the provider's status page",
  );
}

async function checkVertex(title: string, key: string, { googleToken }: ProviderChecks): Promise<Finding> {
  try {
    await googleToken(key);
    return ok(title, "Google gives an access token for the service account's key.");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(title, why, "store the whole JSON file of a valid service account's key");
  }
}

/** The role of the function cannot be tried from here; the credentials at hand show that Bedrock is there. */
async function checkBedrock(
  { name, baseUrl }: ResolvedProvider,
  { probe, signGet }: ProviderChecks,
): Promise<Finding> {
  const title = `provider ${name}`;
  if (/\{\w+\}/.test(baseUrl)) return skip(title, "No AWS region is set.");
  const url = new URL(`${baseUrl}/foundation-models`);
  // Lists of models come from the control plane (Amazon Bedrock API reference, "ListFoundationModels").
  url.hostname = url.hostname.replace(/^bedrock-runtime(?=[.-])/, "bedrock");
  const headers = await signGet(url);
  if (!headers)
    return skip(title, "No AWS credentials are at hand to try it with; the function has its role.");
  const answer = await probe(url, { headers });
  if (answer.kind === "unanswered") return fail(title, `${answer.reason}.`, answer.remedy);
  if (answer.status < 300) return ok(title, "Bedrock answers a signed request.");
  const because = `HTTP ${answer.status}${messageIn(answer.body) ? `: ${messageIn(answer.body)}` : ""}`;
  return warn(
    title,
    `Bedrock did not take a request of the credentials at hand (${because}).`,
    "allow them bedrock:ListFoundationModels; the function's role needs bedrock:InvokeModel only",
  );
}
