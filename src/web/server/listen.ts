import type { AddressInfo } from 'node:net';
import { systemErrorCode, usageError } from '../../common/errors.js';
import type { HttpApp } from './http-app.js';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What to do where the port is taken, one sentence. */
  readonly portHint: string;
}

/**
 * Starts listening.
 * @returns the address to open, ending in `/`.
 * @throws TitlesmithError (exit code 2) when the port is taken or the host is not this machine's.
 */
export async function listen(app: HttpApp, { host, port, portHint }: ListenOptions): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'EADDRINUSE':
      case 'EACCES':
        throw usageError(`--port ${port} cannot be used.`, portHint);
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        throw usageError(`--host ${JSON.stringify(host)} is not an address of this machine.`);
      default:
        throw error;
    }
  }
  const { address, family, port: chosen } = app.server.address() as AddressInfo;
  const shown = family === 'IPv6' ? `[${address}]` : address;
  return `http://${shown === '0.0.0.0' || shown === '[::]' ? 'localhost' : shown}:${chosen}/`;
}

const sweepMs = 50;

/** Takes no more requests, and resolves when the answers under way have ended. */
export async function closeWhenAnswered(app: HttpApp): Promise<void> {
  const closed = app.close();
  // Connections whose answer ends after the call stay open, idle, unless they are looked for.
  const sweep = setInterval(() => app.server.closeIdleConnections(), sweepMs);
  await closed;
  clearInterval(sweep);
}
