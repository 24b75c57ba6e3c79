/** Reads a zip file: enough of the format for what SST writes (no encryption, no zip64). */
import { inflateRawSync } from "node:zlib";

const endOfDirectorySignature = 0x06054b50;
const directoryEntrySignature = 0x02014b50;
const localHeaderBytes = 30;
const directoryEntryBytes = 46;

/**
 * The files of a zip by their paths, without its directories. Layout: APPNOTE.TXT 4.3 (pkware.com).
 *
 * @throws when the bytes are no zip, or a file is packed in another way than stored or deflated.
 */
export function unzip(zip: Buffer): Map<string, Buffer> {
  // The end record is 22 bytes long when the zip has no comment, and SST writes none.
  const end = zip.length - 22;
  if (zip.readUInt32LE(end) !== endOfDirectorySignature) throw new Error("Not a zip without a comment");
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== directoryEntrySignature) throw new Error(`No directory entry at byte ${at}`);
    const nameBytes = zip.readUInt16LE(at + 28);
    const name = zip.toString("utf8", at + directoryEntryBytes, at + directoryEntryBytes + nameBytes);
    if (!name.endsWith("/")) files.set(name, contentOf(zip, at));
    at += directoryEntryBytes + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

function contentOf(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10);
  const packedBytes = zip.readUInt32LE(entry + 20);
  const header = zip.readUInt32LE(entry + 42);
  const start = header + localHeaderBytes + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const packed = zip.subarray(start, start + packedBytes);
  if (method === 0) return packed;
  if (method === 8) return inflateRawSync(packed);
  throw new Error(`Compression method ${method} is neither stored nor deflated`);
}
