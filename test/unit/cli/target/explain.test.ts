import { createServer } from "node:http";
import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it, onTestFinished } from "vitest";
import { closeNow, listenOnLoopback } from "../../../../packages/local/src/loopback.ts";
import { type CommandLine, commandLine, writeEndpointsFile } from "../../../support/cli.ts";

/** Puts a server in front of the stand-in that refuses some actions with a DynamoDB error. */
async function refusing(cli: CommandLine, actions: RegExp, error: string, message: string): Promise<void> {
  const server = createServer((request, response) => {
    void (async () => {
      const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
      const chunks = (await request.toArray()) as Buffer[];
      response.setHeader("content-type", "application/x-amz-json-1.0");
      if (actions.test(action)) {
        response.writeHead(400).end(JSON.stringify({ __type: `com.amazonaws.dynamodb#${error}`, message }));
        return;
      }
      const headers = { "x-amz-target": `DynamoDB_20120810.${action}`, ...signed(request.headers) };
      const answer = await fetch(cli.dynamodb.url, { method: "POST", headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status).end(await answer.text());
    })();
  });
  const url = await listenOnLoopback(server, 0);
  onTestFinished(() => closeNow(server));
  await writeEndpointsFile(cli.dataDirectory, url);
}

function signed(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const names = ["authorization", "x-amz-date", "content-type"];
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
}

describe("what the store refuses", () => {
  it.each([
    [
      "AccessDeniedException",
      "User is not authorized to perform: dynamodb:Query",
      "access_denied",
      "docs/cli.md",
    ],
    ["UnrecognizedClientException", "The security token is invalid", "no_credentials", "aws sso login"],
    ["ExpiredTokenException", "The security token is expired", "no_credentials", "AWS_PROFILE"],
    ["ResourceNotFoundException", "Requested resource not found", "no_table", "AWS_REGION"],
    ["ValidationException", "Something\n  at line 1", "failed", "Something at line 1"],
  ])("is told in one line with the remedy: %s", async (error, message, code, remedy) => {
    const cli = await commandLine();
    await refusing(cli, /^Query$/, error, message);
    const { exitCode, stdout, stderr } = await cli.run("keys", "list", "--local", "--json");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stderr)).toEqual({ error: { code, message: expect.stringContaining(remedy) } });
  });

  it("does not hide a change that was made when only its audit entry fails", async () => {
    const cli = await commandLine();
    await refusing(cli, /^PutItem$/, "AccessDeniedException", "Not authorized to perform: dynamodb:PutItem");
    const { exitCode, stdout, stderr } = await cli.run("keys", "create", "--alias", "a", "--local", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toHaveProperty("key");
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "not_audited", message: expect.stringContaining("The change was made") },
    });
  });

  it("is a corrupt document when somebody changed it by hand", async () => {
    const cli = await commandLine();
    await cli.json("keys", "create", "--alias", "a");
    const { Items = [] } = await cli.client.send(new ScanCommand({ TableName: cli.table }));
    const item = Items.find(({ sk }) => sk?.S === "KEY");
    await cli.client.send(
      new PutItemCommand({ TableName: cli.table, Item: { ...item, document: { S: "{" } } }),
    );
    const { stderr } = await cli.run("keys", "show", "a", "--local", "--json");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "corrupt" } });
  });
});
