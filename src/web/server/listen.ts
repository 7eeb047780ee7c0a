import type { AddressInfo, Socket } from 'node:net';
import { systemErrorCode, usageError } from '../../common/errors.js';
import type { HttpApp } from './http-app.js';

interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What to do where the port is taken, one sentence. */
  readonly portHint: string;
}

/** A server that listens. */
export interface ListeningServer {
  /** The address to open, ending in `/`. */
  readonly url: string;
  /** Accepts no more requests; resolves when the answers in progress have ended. */
  close(): Promise<void>;
}

/**
 * Starts listening.
 * @throws TitlesmithError `usage` when the port is taken or the host is not this machine's.
 */
export async function listen(
  app: HttpApp,
  { host, port, portHint }: ListenOptions,
): Promise<ListeningServer> {
  const connections = new Connections(app);
  try {
    await app.listen({ host, port });
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'EADDRINUSE':
        throw usageError(`--port ${port} cannot be used: another program has it.`, portHint);
      case 'EACCES':
        throw usageError(`--port ${port} cannot be used: this account may not take it.`, portHint);
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
  return {
    url: `http://${shown === '0.0.0.0' || shown === '[::]' ? 'localhost' : shown}:${chosen}/`,
    close: async () => {
      const closed = app.close();
      connections.closeIdle();
      await closed;
    },
  };
}

/**
 * The connections of a server. Node's own close() waits for connections that a browser opened in advance without a
 * request, and for those whose last answer ends after the call.
 */
class Connections {
  /** Requests in progress on each connection. */
  private readonly requests = new Map<Socket, number>();
  private isClosing = false;

  constructor({ server }: HttpApp) {
    server.on('connection', (socket) => {
      this.requests.set(socket, 0);
      socket.once('close', () => this.requests.delete(socket));
    });
    server.on('request', ({ socket }, response) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
  }

  /** Closes connections without a request now, the others when their last answer has ended. */
  closeIdle(): void {
    this.isClosing = true;
    for (const socket of this.requests.keys()) this.count(socket, 0);
  }

  private count(socket: Socket, more: -1 | 0 | 1): void {
    const before = this.requests.get(socket);
    if (before === undefined) return;
    this.requests.set(socket, before + more);
    if (this.isClosing && before + more === 0) socket.destroySoon();
  }
}
