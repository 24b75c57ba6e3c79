import { isProduction } from "./stage.ts";

/**
 * Secrets Manager keeps the keys of providers and drains. Only the empty secrets are made here; the operator puts the values
 * with the AWS CLI, so no value is ever in a deploy's state. `sst.Secret` would put them there and into the function's zip.
 */
function operatorSecret(name: "providers" | "drains", description: string) {
  return new aws.secretsmanager.Secret(`Secret${name === "providers" ? "Providers" : "Drains"}`, {
    name: `${$app.name}/${$app.stage}/${name}`,
    description,
    // Days in which a deleted secret can be restored, and its name not taken again. 0 deletes at once.
    recoveryWindowInDays: isProduction ? 30 : 0,
  });
}

/** JSON `{"<provider>": "<api key>"}`, read by the gateway alone. */
export const providersSecret = operatorSecret(
  "providers",
  "Sluice: API keys of the model providers, as JSON",
);

/** JSON `{"<drain>": {"publicKey": "…", "secretKey": "…"}}`, read by the flusher alone. */
export const drainsSecret = operatorSecret("drains", "Sluice: credentials of the trace drains, as JSON");
