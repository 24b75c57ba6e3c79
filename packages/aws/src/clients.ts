/** The AWS clients of a function: one of each for an instance, made when first needed. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";

/**
 * How long DynamoDB and Secrets Manager may take for one try, ms. Both answer within tens of milliseconds; what is silent for
 * longer is away, and a budget must know that while the caller still waits.
 */
const PATIENCE = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };

/**
 * Region, credentials and endpoints come from the environment that Lambda sets, or from the SDK's own
 * `AWS_ENDPOINT_URL_<SERVICE>` variables. Retries are the SDK's: three attempts, exponential with jitter.
 */
export function createClients() {
  return {
    dynamodb: new DynamoDBClient({ requestHandler: PATIENCE }),
    secretsManager: new SecretsManagerClient({ requestHandler: PATIENCE }),
    // The SDK would send to the host in the queue's URL and warn when an endpoint is set besides.
    sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
  };
}
