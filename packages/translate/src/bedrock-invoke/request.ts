/** From a messages request to the body that `InvokeModel` takes for Claude: an edit of a few members, not a translation. */
import { asList, editMembers, type JsonObject, type MemberEdit } from "@sluice/wire";

/** The version of Anthropic's API that Bedrock speaks (Amazon Bedrock user guide, "Anthropic Claude Messages API"). */
const ANTHROPIC_VERSION = "bedrock-2023-05-31";

/**
 * The body for Bedrock: the model and streaming stand in its path, the beta headers in a list. `trace`, which is for Sluice, is
 * taken out. Everything else stays, byte for byte. A version in the body that is one of Bedrock's is kept.
 *
 * `body` has to be a JSON object, and `json` the same parsed; `headers`: the caller's, names in lower case.
 */
export function invokeBody(
  body: Buffer,
  json: JsonObject,
  headers: Readonly<Record<string, string | undefined>>,
): Buffer {
  const version = json["anthropic_version"];
  const keepsVersion = typeof version === "string" && version.startsWith("bedrock-");
  const betas = [...new Set([...asList(json["anthropic_beta"]), ...readBetas(headers["anthropic-beta"])])];
  const edits: readonly MemberEdit[] = [
    { key: "model" },
    { key: "stream" },
    { key: "trace" },
    ...(keepsVersion ? [] : [{ key: "anthropic_version", value: JSON.stringify(ANTHROPIC_VERSION) }]),
    ...(betas.length > 0 ? [{ key: "anthropic_beta", value: JSON.stringify(betas) }] : []),
  ];
  return Buffer.from(editMembers(body.toString("utf8"), edits), "utf8");
}

function readBetas(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
