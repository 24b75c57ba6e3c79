/** Citations as chat messages have them: `annotations` of type `url_citation`, and Perplexity's lists beside the choices. */
import { asCount, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Citation } from "../answer.ts";

/** The citations in a message or delta. */
export function readAnnotations(message: JsonObject): readonly Citation[] {
  return asList(message["annotations"]).flatMap((item) => {
    const annotation = asObject(item);
    const cited = asObject(annotation?.["url_citation"]);
    if (!annotation) return [];
    return [{ ...(cited && readCited(cited)), raw: annotation }];
  });
}

/** Perplexity's `search_results`, else its `citations`, which are bare URLs; the whole list comes with every chunk. */
export function readSearchResults(body: JsonObject): readonly Citation[] {
  const results = asList(body["search_results"]).flatMap((item) => {
    const result = asObject(item);
    return result && asText(result["url"]) !== undefined ? [{ ...readCited(result), raw: result }] : [];
  });
  if (results.length > 0) return results;
  return asList(body["citations"]).flatMap((url) => (typeof url === "string" ? [{ url }] : []));
}

function readCited(cited: JsonObject): Citation {
  const url = asText(cited["url"]);
  const title = asText(cited["title"]);
  const citedText = asText(cited["content"]);
  const startIndex = asCount(cited["start_index"]);
  const endIndex = asCount(cited["end_index"]);
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(citedText !== undefined && { citedText }),
    ...(startIndex !== undefined && { startIndex }),
    ...(endIndex !== undefined && { endIndex }),
  };
}

/**
 * The citation as an annotation; none without a URL, for clients know only `url_citation` and check its fields. `from` is
 * where the cited block begins in the message's text, `to` where it ends so far.
 */
export function writeAnnotation(citation: Citation, from: number, to: number): readonly JsonObject[] {
  const { url, title, citedText, startIndex, endIndex } = citation;
  if (url === undefined) return [];
  return [
    {
      type: "url_citation",
      url_citation: {
        url,
        title: title ?? url,
        start_index: startIndex === undefined ? from : from + startIndex,
        end_index: endIndex === undefined ? to : from + endIndex,
        ...(citedText !== undefined && { content: citedText }),
      },
    },
  ];
}
