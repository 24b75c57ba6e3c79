// oxlint-disable-next-line typescript/triple-slash-reference -- The globals of this file are made by SST.
/// <reference path="./.sst/platform/config.d.ts" />

/** Sluice on AWS. From an empty account to a first trace: docs/deploy.md. */
export default $config({
  app(input) {
    const production = input.stage === "production";
    return {
      name: "sluice",
      home: "aws",
      // "retain" keeps the table and the bucket when the stage is removed; `protect` refuses `sst remove` altogether.
      removal: production ? "retain" : "remove",
      protect: production,
    };
  },
  async run() {
    // SST allows no import at the top of this file: the infrastructure needs the globals that exist only here.
    const { buildBundles } = await import("./infra/build.ts");
    buildBundles();

    const { table } = await import("./infra/table.ts");
    const { traceQueue, deadLetterQueue } = await import("./infra/queue.ts");
    const { bucket } = await import("./infra/bucket.ts");
    const { events } = await import("./infra/events.ts");
    const { providersSecret, drainsSecret } = await import("./infra/secrets.ts");
    const { gateway } = await import("./infra/gateway.ts");
    const { flusher } = await import("./infra/flusher.ts");
    await import("./infra/alarms.ts");
    const { dashboard } = await import("./infra/dashboard.ts");

    return {
      gatewayUrl: gateway.url,
      queueUrl: traceQueue.url,
      deadLetterQueueUrl: deadLetterQueue.url,
      table: table.name,
      bucket: bucket.name,
      eventsTopic: events.arn,
      ...(dashboard && { dashboard: dashboard.dashboardName }),
      providersSecret: providersSecret.name,
      drainsSecret: drainsSecret.name,
      gatewayFunction: gateway.name,
      flusherFunction: flusher.name,
    };
  },
});
