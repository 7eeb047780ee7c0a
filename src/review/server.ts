import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { systemErrorCode, TitlesmithError, usageError } from '../common/errors.js';
import { type ProgressListener, silentContext } from '../common/progress.js';
import { isSecret } from '../web/security.js';
import { ChangeStream } from './change-stream.js';
import { DecisionLog, decisionsFileName } from './decision-log.js';
import { assertOwnRequest, HttpError, sendJson } from './http.js';
import { ResultFiles } from './result-files.js';
import { Review, ReviewConflict } from './review.js';
import type { ReviewInput } from './review-state.js';
import { type RouteContext, routes } from './routes.js';

/** A review that can be opened in a browser. */
export interface ReviewServer {
  /** With the token; only who knows it gets in. */
  readonly url: string;
  /** Stops, and waits until every file is as decided. */
  close(): Promise<void>;
}

export interface ReviewServerOptions {
  /** 0 or none: any free one. */
  readonly port?: number;
  /** Told of files that cannot be written, and of requests that failed by a bug. */
  readonly onProgress?: ProgressListener;
}

const loopback = '127.0.0.1';

/**
 * Serves a run's review to this machine's browser, under a path that is a random token of 128 bits.
 * @throws TitlesmithError when decisions.jsonl is damaged or cannot be written, or the port is taken.
 */
export async function startReview(
  input: ReviewInput,
  options: ReviewServerOptions = {},
): Promise<ReviewServer> {
  const { port = 0, onProgress = silentContext.onProgress } = options;
  const log = await DecisionLog.open(join(input.folder, decisionsFileName));
  const review = new Review(input, log);
  const changes = new ChangeStream();
  const warn = (error: unknown) => onProgress({ kind: 'warning', message: inOneLine(error) });
  const files = new ResultFiles(input.folder, () => review.outputs, warn);
  review.onChange = (change) => {
    changes.send(change);
    files.update();
  };
  // What a killed server decided last may not have reached the files.
  files.update();
  await files.settled();

  const token = randomBytes(16).toString('hex');
  const context: RouteContext = { runName: input.runName, reportPath: input.reportPath, review, changes };
  const server = createServer((request, response) => {
    void answer(request, response, token, context, warn);
  });
  try {
    await listen(server, port);
  } catch (error) {
    await log.close();
    throw error;
  }
  return {
    url: `http://${loopback}:${portOf(server)}/${token}/`,
    close: async () => {
      changes.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      await files.settled();
      await log.close();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = systemErrorCode(error) === 'EADDRINUSE' || systemErrorCode(error) === 'EACCES';
      reject(
        taken ? usageError(`--port ${port} cannot be used.`, 'Leave --port out, or choose another.') : error,
      );
    });
    server.listen(port, loopback, resolve);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  context: RouteContext,
  warn: (error: unknown) => void,
): Promise<void> {
  try {
    assertOwnRequest(request, request.socket.localPort ?? 0);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [, given = '', ...rest] = pathname.split('/');
    if (!isSecret(given, token))
      throw new HttpError(403, 'Open the address that was printed, with its token.');
    const name = `${request.method} ${rest.join('/')}`;
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!route) throw new HttpError(404, 'There is no such page.');
    await route(context, request, response, searchParams);
  } catch (error) {
    refuse(response, error, warn);
  }
}

function refuse(response: ServerResponse, error: unknown, warn: (error: unknown) => void): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // What is left of a refused request's body is not read.
  response.shouldKeepAlive = false;
  if (error instanceof HttpError) sendJson(response, error.status, { error: error.message });
  else if (error instanceof ReviewConflict)
    sendJson(response, 409, { error: error.message, state: error.state });
  else {
    warn(error);
    const message =
      error instanceof TitlesmithError ? error.toLine() : 'Something went wrong; see the terminal.';
    sendJson(response, 500, { error: message });
  }
}

function inOneLine(error: unknown): string {
  return error instanceof TitlesmithError ? error.toLine() : String(error);
}
