/** What the stores throw, in words that help. */
import { CommandFailure } from "../failure.ts";
import type { Place } from "./target.ts";

const LOGIN = 'log in (aws sso login), or set AWS_PROFILE, and try "aws sts get-caller-identity"';

/** By the error's name: those of our key store, and those that the AWS SDK and DynamoDB document. */
const CODES: Readonly<Record<string, string>> = {
  AliasTakenError: "alias_taken",
  NoSuchKeyError: "not_found",
  KeyChangedError: "changed_meanwhile",
  CorruptDocumentError: "corrupt",
};

const NO_CREDENTIALS = new Set([
  "CredentialsProviderError",
  "ExpiredTokenException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "TokenProviderError",
  "UnrecognizedClientException",
]);

const NO_CONNECTION = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT"]);

/** The error as a failure of the command. One that is a failure already stays as it is. */
export async function explain(error: unknown, place: Place | undefined): Promise<CommandFailure> {
  if (error instanceof CommandFailure) return error;
  const { name, message, code } = error as Error & { readonly code?: string };
  const fail = (failure: string, text: string) => new CommandFailure(failure, text, { cause: error });
  const known = CODES[name];
  if (known) return fail(known, message);
  if (name === "TransactionCanceledException") {
    return fail("changed_meanwhile", "Somebody else was changing the same thing just now: try again.");
  }
  if (NO_CREDENTIALS.has(name)) return fail("no_credentials", `AWS took no credentials (${name}): ${LOGIN}.`);
  if (message === "Region is missing" || message.startsWith("Region not accepted")) {
    return fail("no_region", "No AWS region is set: set AWS_REGION to the stage's.");
  }
  if (name === "AccessDeniedException") {
    return fail("access_denied", `${message}. The permissions that commands need are in docs/cli.md.`);
  }
  if (name === "ResourceNotFoundException") {
    const region = await place?.client.config.region();
    return fail(
      "no_table",
      `There is no table ${place?.table ?? ""} in ${region ?? "the region"}: check AWS_REGION, AWS_PROFILE and --table.`,
    );
  }
  if (code !== undefined && NO_CONNECTION.has(code)) {
    const remedy =
      place?.label === "the local system"
        ? "start it with npm start"
        : "check the network and AWS_ENDPOINT_URL_DYNAMODB";
    return fail("no_connection", `${place?.label ?? "AWS"} does not answer (${code}): ${remedy}.`);
  }
  return fail("failed", `${name}: ${message}`);
}
