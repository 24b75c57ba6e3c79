/** The one stage that holds data somebody would miss: see docs/decisions/stages.md. */
export const isProduction = $app.stage === "production";

/**
 * A name that is the same after each deploy, for what an operator types: `stageName("gateway")` is
 * `sluice-production-gateway`. Other resources carry the name that SST makes, with a random end, so that a table or a bucket that
 * outlived its stage never stands in the way of the next one.
 */
export function stageName(name: string): string {
  return `${$app.name}-${$app.stage}-${name}`;
}
