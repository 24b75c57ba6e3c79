/** `npm run build && npx cdk deploy --app "node docs/examples/cdk/app.ts"` */
import { App } from "aws-cdk-lib";
import { readNeeds } from "../../../infra/needs.ts";
import { SluiceStack } from "./sluice-stack.ts";

new SluiceStack(new App(), "sluice", { stage: "production", dist: "dist", bedrock: readNeeds().bedrock });
