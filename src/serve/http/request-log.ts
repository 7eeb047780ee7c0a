import { toPrintable } from '../../common/printable.js';
import type { HttpApp, HttpRequest } from '../../web/server/http-app.js';
import type { Metrics } from '../metrics.js';

/** Severities as Google Cloud Logging spells them. */
type Severity = 'INFO' | 'WARNING' | 'ERROR';

/** Writes what happens, a line each. */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * `json`: one object a line, its keys those that Google Cloud Logging and most others read. `text`: for people. A line
 * holds no more than it is given.
 */
export function createLog(format: 'json' | 'text' | 'off', output: NodeJS.WritableStream): Log {
  return (severity, message, fields = {}) => {
    if (format === 'off') return;
    const time = new Date().toISOString();
    if (format === 'json') {
      output.write(`${JSON.stringify({ severity, time, message, ...fields })}\n`);
      return;
    }
    const kind = severity === 'INFO' ? '' : `${severity.toLowerCase()}: `;
    output.write(`${time.slice(11, 19)} ${kind}${toPrintable(message)}\n`);
  };
}

/** The status of an answer whose client did not wait for it, as nginx logs it. */
const clientLeft = 499;

/**
 * Counts and logs every request when its answer has ended, in whatever way.
 * @param logPrompts whether the log holds what people asked for.
 */
export function recordRequests(app: HttpApp, metrics: Metrics, log: Log, logPrompts: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    reply.raw.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : clientLeft;
      // Not the address: a prefix may stand in its query.
      const route = request.routeOptions.url ?? 'unknown';
      const { method } = request;
      metrics.countRequest(method, route, status, seconds);
      // Probes ask every few seconds, and are told what there is to tell.
      if (route.startsWith('/health')) return;
      const severity = status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO';
      log(severity, `${method} ${route} ${status} ${(1000 * seconds).toFixed(0)} ms`, {
        httpRequest: { requestMethod: method, requestUrl: route, status, latency: `${seconds.toFixed(6)}s` },
        requestId: request.id,
        ...(logPrompts ? { asked: asked(request) } : {}),
      });
    });
  });
}

/** What a request asked for, bounded by what the server takes. */
function asked({ query, body }: HttpRequest): unknown {
  return body ?? query;
}
