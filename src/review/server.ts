import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { type ProgressListener, silentContext } from '../common/progress.js';
import { checkArgument, checkArguments, hasKeys, isFunction } from '../options/call-arguments.js';
import { serveOptions } from '../options/table/serve.js';
import { HttpError } from '../web/http-error.js';
import { EventBroadcast } from '../web/server/event-stream.js';
import { guardPath, guardSameSite } from '../web/server/guards.js';
import { createHttpApp, type HttpApp } from '../web/server/http-app.js';
import { type ListeningServer, listen } from '../web/server/listen.js';
import { DecisionLog, decisionsFileName } from './decision-log.js';
import { areWritten, ResultFiles } from './kept-titles.js';
import { Review, ReviewConflict, type ReviewInput } from './review.js';
import type { Change } from './review-messages.js';
import { reviewRoutes } from './routes.js';

/** A review that can be opened in a browser. */
export interface ReviewServer {
  /** With the token, which is needed for access. */
  readonly url: string;
  /** Stops, and waits until all files are written. */
  close(): Promise<void>;
}

interface ReviewServerOptions {
  /** 0 or undefined: any free port. */
  readonly port?: number;
  /** Receives warnings of files that cannot be written, and of unexpected errors. */
  readonly onProgress?: ProgressListener;
}

const loopback = '127.0.0.1';
/** A decision takes about 100, one on a filter that and what is searched. */
const maxBodyBytes = 4096;
/** More windows than a person has open. */
const maxWindows = 50;

const isReviewInput = hasKeys('review, as openReview opens one', 'verdicts', 'threshold', 'folder');

/**
 * Serves a run's review to this machine's browser, under a path that is a random token of 128 bits.
 * @throws TitlesmithError when decisions.jsonl is damaged or cannot be written, or the port is taken.
 */
export async function startReview(
  input: ReviewInput,
  options: ReviewServerOptions = {},
): Promise<ReviewServer> {
  checkArgument('startReview', 'input', input, isReviewInput);
  const { port = 0, onProgress = silentContext.onProgress } = checkArguments('startReview', options, {
    port: serveOptions.port,
    onProgress: isFunction,
  });
  const log = await DecisionLog.open(join(input.folder, decisionsFileName));
  const review = new Review(input, log);
  const changes = new EventBroadcast<Change>(maxWindows);
  const warn = (error: unknown): void => onProgress({ kind: 'warning', message: inOneLine(error) });
  const files = new ResultFiles(input, () => review.outputs, warn);
  review.onChange = (change, isDecisionChanged) => {
    changes.send(change);
    if (isDecisionChanged) files.update();
  };
  // The last decisions before a server was killed may not have reached the files. Nothing else is written before one is made.
  if (log.entries.length > 0 && input.isStale !== true) {
    if (await areWritten(input.folder, review.outputs)) await input.recordLists?.();
    else files.update();
  }
  await files.settled();

  const token = randomBytes(16).toString('hex');
  const { runName, threshold, reportPath } = input;
  let server: ListeningServer;
  try {
    const app = await createApp(token, warn);
    reviewRoutes(app, { runName, threshold, reportPath, review, changes });
    server = await listen(app, { host: loopback, port, portHint: 'Leave --port out, or choose another.' });
  } catch (error) {
    await log.close();
    throw error;
  }
  return {
    url: `${server.url}${token}/`,
    close: async () => {
      changes.close();
      await server.close();
      await files.settled();
      await log.close();
    },
  };
}

async function createApp(token: string, warn: (error: unknown) => void): Promise<HttpApp> {
  const app = createHttpApp({
    bodyBytes: maxBodyBytes,
    connections: 2 * maxWindows + 100,
    internalErrorHint: 'see the terminal',
    onInternalError: warn,
    translateError: (error) => {
      if (error instanceof ReviewConflict) {
        const more = { state: error.state };
        return new HttpError(409, error.message, { code: error.code, more });
      }
      if (!(error instanceof TitlesmithError)) return undefined;
      warn(error);
      return new HttpError(500, error.toLine(), { code: error.code });
    },
  });
  const hints = {
    host: 'a port that is forwarded must have the same number: choose it with --port',
    origin: 'open the address that was printed',
  };
  await guardSameSite(app, { host: loopback, allowedOrigins: [], hints });
  guardPath(app, token);
  return app;
}

function inOneLine(error: unknown): string {
  return error instanceof TitlesmithError ? error.toLine() : String(error);
}
