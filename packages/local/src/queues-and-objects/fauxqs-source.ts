/**
 * Three lines of fauxqs that a local system cannot live with, and that no option changes: it listens on every
 * address of the machine; it refuses an S3 object above 11 MiB, which a claim check may well be; and with a data
 * directory it loses a message whose visibility is set to 0, because it writes a null where its table allows none.
 * They are changed while its source is loaded.
 */
import { registerHooks } from "node:module";

/** Largest object that the local S3 takes, bytes. Above anything that a record can be. */
const MAX_OBJECT = "128 * 1_048_576";

/** What to look for in fauxqs's source, by file, and what to put there. */
const CHANGES: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  "app.js": [
    ['host: "0.0.0.0"', 'host: "127.0.0.1"'],
    ["bodyLimit: 11 * 1_048_576", `bodyLimit: ${MAX_OBJECT}`],
  ],
  "persistence.js": [
    [
      "this.stmts.updateMessageInflight.run(null, null, null, null, messageId);",
      'this.db.prepare("UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?").run(messageId);',
    ],
  ],
};

/**
 * Imports fauxqs. Throws when this version of it does not have the lines that must be changed: running it
 * unchanged would open the queue to the network.
 */
export async function importFauxqs(): Promise<typeof import("fauxqs")> {
  const hooks = registerHooks({
    load: (url, context, next) => {
      const module = next(url, context);
      const file = /\/fauxqs\/dist\/([^/]+)$/.exec(url)?.[1];
      const changes = file === undefined ? undefined : CHANGES[file];
      if (!changes) return module;
      return { ...module, source: changed(Buffer.from(module.source as Uint8Array).toString(), changes) };
    },
  });
  try {
    return await import("fauxqs");
  } finally {
    hooks.deregister();
  }
}

function changed(source: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from))
      throw new Error(`this version of fauxqs has no "${from}": adapt ${import.meta.filename}`);
    return text.replace(from, to);
  }, source);
}
