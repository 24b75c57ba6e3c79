import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createPreludeReader } from "../../../../packages/local/src/lambda/response-prelude.ts";

it("finds head and body wherever the chunks are cut", () => {
  const head = { statusCode: 201, headers: { "x-name": "Zoë" }, cookies: ["a=1"] };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(120)), (body, cuts) => {
      const stream = Buffer.concat([Buffer.from(JSON.stringify(head)), Buffer.alloc(8), body]);
      const read = createPreludeReader();
      const ends = [...cuts.map((cut) => cut % stream.length), stream.length].sort((a, b) => a - b);
      let start = 0;
      for (const end of ends) {
        const prelude = read(stream.subarray(start, end));
        start = end;
        if (!prelude) continue;
        expect(prelude.head).toEqual(head);
        expect(Buffer.concat([prelude.rest, stream.subarray(start)])).toEqual(Buffer.from(body));
        return;
      }
      throw new Error("the prelude was not found");
    }),
  );
});
