/** What the AWS SDK throws, in words that help. */

const NO_CREDENTIALS = new Set([
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidSignatureException",
  "TokenProviderError",
  "UnrecognizedClientException",
]);

const DENIED = new Set(["AccessDenied", "AccessDeniedException", "AuthorizationErrorException"]);

/** Whether the credentials are good and may not do it: that says nothing of the thing that was looked at. */
export function denied(error: unknown): boolean {
  return error instanceof Error && DENIED.has(error.name);
}

/** Whether there are no credentials, or AWS does not take them. */
export function noCredentials(error: unknown): boolean {
  return error instanceof Error && NO_CREDENTIALS.has(error.name);
}

/** What happened, and the remedy. */
export function problemOf(error: unknown): readonly [message: string, remedy: string] {
  if (!(error instanceof Error)) return [String(error), "run the command again"];
  if (noCredentials(error)) {
    return [`AWS took no credentials (${error.name}).`, "log in (aws sso login), or set AWS_PROFILE"];
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code !== undefined && /^(E[A-Z_]+|UND_)/.test(code)) {
    return [`The service does not answer (${code}).`, "check the network, AWS_REGION and AWS_ENDPOINT_URL"];
  }
  if (denied(error)) return [error.message, "the permissions that commands need are in docs/cli.md"];
  return [`${error.name}: ${error.message}`, "deploy the stage again, or restart the local system"];
}
