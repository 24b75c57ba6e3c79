/** Reads a whole response. */
import { asObject } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";
import { readFinish, readHead, readItem, readUsage } from "./read-output.ts";

/** Reads the body. Undefined for one that failed, whose error is read by the pairing, and for what is no response. */
export function readAnswer(body: unknown): ModelAnswer | undefined {
  const response = asObject(body);
  const output = response?.["output"];
  if (!response || !Array.isArray(output) || response["status"] === "failed" || asObject(response["error"])) {
    return undefined;
  }
  const blocks = output.flatMap((entry: unknown) => readItem(asObject(entry) ?? {}));
  const usage = readUsage(response);
  const finish = readFinish(
    response,
    blocks.map(({ kind }) => kind),
  );
  return { ...readHead(response), blocks, ...(finish && { finish }), ...(usage && { usage }) };
}
