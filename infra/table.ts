import { isProduction } from "./stage.ts";

/**
 * Keys, budgets, reservations and the ledger in one DynamoDB table, on demand. SST turns point-in-time recovery on; DynamoDB
 * encrypts every table at rest with a key of its own, at no charge.
 */
export const table = new sst.aws.Dynamo("State", {
  fields: { pk: "string", sk: "string" },
  primaryIndex: { hashKey: "pk", rangeKey: "sk" },
  ttl: "ttl",
  deletionProtection: isProduction,
});
