/** The whole system on one machine, and its parts for tests. Nothing that is deployed imports this package. */

export * from "./demo-model/server.ts";
export * from "./dynamodb/server.ts";
export * from "./event-source/poller.ts";
export * from "./lambda/environment.ts";
export * from "./lambda/function.ts";
export * from "./lambda/function-options.ts";
export * from "./lambda/function-url.ts";
export * from "./lambda/function-url-event.ts";
export * from "./lambda/outcome.ts";
export * from "./lambda/process-guard.ts";
export * from "./loopback.ts";
export * from "./queues-and-objects/server.ts";
export * from "./secrets-manager/server.ts";
export * from "./sink/server.ts";
export * from "./system/local-system.ts";
export * from "./system/start-local.ts";
export * from "./system/start-problem.ts";
