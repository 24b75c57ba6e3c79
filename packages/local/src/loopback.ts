/** HTTP servers that nobody but this machine can reach. Every part of the local system listens through here. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The one address that the local system listens on. */
export const LOOPBACK = "127.0.0.1";

/** The port that was asked for belongs to another process. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  /** The port that is taken. */
  readonly port: number;
  constructor(port: number) {
    super(`port ${port} on ${LOOPBACK} is in use by another process`);
    this.port = port;
  }
}

/**
 * Listens on the loopback address and returns the server's URL, without a slash at its end.
 * Port 0 takes a free one. Throws `PortInUseError`.
 */
export async function listenOnLoopback(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortInUseError(port) : error),
    );
    server.listen(port, LOOPBACK, resolve);
  });
  return `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
}

/** Stops listening and cuts every open connection. */
export async function closeNow(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
