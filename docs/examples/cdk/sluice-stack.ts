/**
 * Sluice with the AWS CDK in place of SST: the same two zips (`npm run build`), the same queues, table, bucket and permissions.
 * Dashboard and alarms are in `infra/`; take over those that you want.
 */
import { type App, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  CfnEventSourceMapping,
  Code,
  Function,
  FunctionUrlAuthType,
  InvokeMode,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { bucketLimits, flusherLimits, gatewayLimits, queueLimits } from "../../../infra/limits.ts";

/** What differs between stages. */
export interface SluiceStackProps extends StackProps {
  /** `production`, `alice`: the dimension of the metrics, and part of the secrets' names. */
  readonly stage: string;
  /** The folder with `gateway.zip` and `flusher.zip`. */
  readonly dist: string;
  /** Whether the config calls Amazon Bedrock, which is done with the gateway's own role; the build says so in `needs.json` beside the zips. */
  readonly bedrock: boolean;
}

/** Everything that a stage needs. */
export class SluiceStack extends Stack {
  constructor(app: App, id: string, { stage, dist, bedrock, ...props }: SluiceStackProps) {
    super(app, id, props);
    const seconds = (count: number) => Duration.seconds(count);
    const queueProps = {
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: seconds(queueLimits.retentionSeconds),
      visibilityTimeout: seconds(queueLimits.visibilityTimeoutSeconds),
      enforceSSL: true,
    };
    const deadLetters = new Queue(this, "TracesDeadLetter", queueProps);
    const traces = new Queue(this, "Traces", {
      ...queueProps,
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: queueLimits.maximumReceives },
    });
    const table = new Table(this, "State", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: "ttl",
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const bucket = new Bucket(this, "Records", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          expiration: Duration.days(bucketLimits.expirationDays),
          abortIncompleteMultipartUploadAfter: Duration.days(bucketLimits.incompleteUploadDays),
        },
      ],
    });
    const events = new Topic(this, "Events");
    // Empty when they are made: put the values with the AWS CLI (docs/deploy.md), so that none is in a template.
    const providers = new Secret(this, "Providers", { secretName: `sluice/${stage}/providers` });
    const drains = new Secret(this, "Drains", { secretName: `sluice/${stage}/drains` });

    const environment = {
      SLUICE_STAGE: stage,
      SLUICE_TABLE: table.tableName,
      SLUICE_QUEUE_URL: traces.queueUrl,
      SLUICE_DLQ_URL: deadLetters.queueUrl,
      SLUICE_BUCKET: bucket.bucketName,
    };
    const common = {
      runtime: new Runtime("nodejs24.x"),
      architecture: Architecture.ARM_64,
      handler: "index.handler",
    };

    const gateway = new Function(this, "Gateway", {
      ...common,
      code: Code.fromAsset(`${dist}/gateway.zip`),
      memorySize: gatewayLimits.memoryMb,
      timeout: Duration.minutes(gatewayLimits.timeoutMinutes),
      environment: { ...environment, SLUICE_PROVIDERS_SECRET: providers.secretArn },
    });
    traces.grantSendMessages(gateway);
    providers.grantRead(gateway);
    allow(gateway, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], table.tableArn);
    bucket.grantPut(gateway, "claims/*");
    bucket.grantPut(gateway, "spill/*");
    if (bedrock) {
      const arn = `arn:${this.partition}:bedrock:*`;
      allow(
        gateway,
        ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
        `${arn}::foundation-model/*`,
        `${arn}:${this.account}:inference-profile/*`,
        `${arn}:${this.account}:application-inference-profile/*`,
      );
    }
    // Public, since each call's virtual key is checked by the function; streamed, since answers are.
    const url = gateway.addFunctionUrl({
      authType: FunctionUrlAuthType.NONE,
      invokeMode: InvokeMode.RESPONSE_STREAM,
    });

    const flusher = new Function(this, "Flusher", {
      ...common,
      code: Code.fromAsset(`${dist}/flusher.zip`),
      memorySize: flusherLimits.memoryMb,
      timeout: seconds(flusherLimits.timeoutSeconds),
      environment: {
        ...environment,
        SLUICE_DRAINS_SECRET: drains.secretArn,
        SLUICE_EVENTS_TOPIC: events.topicArn,
      },
    });
    traces.grantConsumeMessages(flusher);
    traces.grantSendMessages(flusher);
    deadLetters.grantSendMessages(flusher);
    drains.grantRead(flusher);
    events.grantPublish(flusher);
    table.grantReadWriteData(flusher);
    bucket.grantReadWrite(flusher);
    bucket.grantDelete(flusher);

    // Not SqsEventSource, which refuses a batch above 10 000 only after the fact and sets no concurrency of the mapping.
    new CfnEventSourceMapping(this, "FlusherSource", {
      functionName: flusher.functionArn,
      eventSourceArn: traces.queueArn,
      batchSize: flusherLimits.batchSize,
      maximumBatchingWindowInSeconds: flusherLimits.batchWindowSeconds,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: flusherLimits.maximumConcurrency },
    });
    new Rule(this, "Sweep", {
      schedule: Schedule.rate(Duration.minutes(flusherLimits.sweepIntervalMinutes)),
      targets: [new LambdaFunction(flusher, { event: RuleTargetInput.fromObject({ sluice: "sweep" }) })],
    });

    new CfnOutput(this, "GatewayUrl", { value: url.url });
  }
}

function allow(target: Function, actions: string[], ...resources: string[]): void {
  target.addToRolePolicy(new PolicyStatement({ actions, resources }));
}
