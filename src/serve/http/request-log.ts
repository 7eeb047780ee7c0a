import { toPrintable, toPrintableJson } from '../../common/printable.js';
import type { HttpApp, HttpRequest } from '../../web/server/http-app.js';
import type { Metrics } from '../metrics.js';

/** Severities as Google Cloud Logging spells them. */
type Severity = 'INFO' | 'WARNING' | 'ERROR';

/** Writes one line to the log. */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * `json`: one object per line, with the keys that Google Cloud Logging and most others read. `text`: for people, without
 * `fields`.
 */
export function createLog(format: 'json' | 'text' | 'off', output: NodeJS.WritableStream): Log {
  return (severity, message, fields = {}) => {
    if (format === 'off') return;
    const time = new Date().toISOString();
    if (format === 'json') {
      output.write(`${toPrintableJson({ severity, time, message, ...fields })}\n`);
      return;
    }
    const kind = severity === 'INFO' ? '' : `${severity.toLowerCase()}: `;
    output.write(`${time.slice(11, 19)} ${kind}${toPrintable(message)}\n`);
  };
}

/** Logged when the client disconnected before the answer was complete, as by nginx. */
const clientClosedRequest = 499;

/**
 * Counts and logs every request once its answer has ended, completely or not.
 * @param logPrompts whether the log contains the parameters of requests, prompts included.
 */
export function recordRequests(app: HttpApp, metrics: Metrics, log: Log, logPrompts: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    reply.raw.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : clientClosedRequest;
      // Not the URL: its query may contain a prefix.
      const route = request.routeOptions.url ?? 'unknown';
      const { method } = request;
      metrics.countRequest(method, route, status, seconds);
      // Health probes come every few seconds.
      if (route.startsWith('/health')) return;
      const severity = status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO';
      log(severity, `${method} ${route} ${status} ${(1000 * seconds).toFixed(0)} ms`, {
        httpRequest: { requestMethod: method, requestUrl: route, status, latency: `${seconds.toFixed(6)}s` },
        requestId: request.id,
        ...(logPrompts ? { asked: parametersOf(request) } : {}),
      });
    });
  });
}

/** The parameters of a request; their size is limited by the server. */
function parametersOf({ query, body }: HttpRequest): unknown {
  return body ?? query;
}
