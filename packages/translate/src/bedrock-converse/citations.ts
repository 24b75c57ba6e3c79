/** Citations (Amazon Bedrock API reference, "Citation"): whole ones, and those of a stream, which have the same fields. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** A citation with what every format can say of it. The places it names are in the documents, not in the text. */
export function readCitation(raw: JsonObject): Citation {
  const url = asText(asObject(asObject(raw["location"])?.["web"])?.["url"]);
  const title = asText(raw["title"]);
  const cited = asList(raw["sourceContent"]).map((piece) => asText(asObject(piece)?.["text"]) ?? "");
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(cited.length > 0 && { citedText: cited.join("") }),
    raw,
  };
}

/** The citation in Bedrock's shape, as it was when it came from there. */
export function writeCitation({ url, title, citedText, raw }: Citation): JsonObject {
  if (
    raw &&
    raw["type"] === undefined &&
    (raw["location"] !== undefined || raw["sourceContent"] !== undefined)
  ) {
    return raw;
  }
  return {
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { sourceContent: [{ text: citedText }] }),
    ...(url !== undefined && { location: { web: { url } } }),
  };
}
