import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemErrorCode } from '../common/errors.js';
import { pagePolicy } from '../web/security.js';
import type { ChangeStream } from './change-stream.js';
import { type ExportFormat, exportTitles, exportTypes } from './exports.js';
import { HttpError, readJson, send, sendJson } from './http.js';
import { renderReviewPage, reviewScript, reviewStyles } from './page.js';
import type { Review } from './review.js';
import type { ItemQuery } from './review-state.js';

/** What the routes work on. */
export interface RouteContext {
  readonly runName: string;
  readonly reportPath: string | undefined;
  readonly review: Review;
  readonly changes: ChangeStream;
}

type Route = (
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: URLSearchParams,
) => void | Promise<void>;

const html = 'text/html; charset=utf-8';
const largestPage = 200;
const shows: readonly ItemQuery['show'][] = ['all', 'undecided', 'decided', 'kept', 'refused'];

/** By method and path below the token. */
export const routes: Readonly<Record<string, Route>> = {
  'GET ': ({ runName, review, reportPath }, _, response) => {
    const page = renderReviewPage({ runName, reasons: review.reasons, hasReport: reportPath !== undefined });
    send(response, 200, html, page, { 'Content-Security-Policy': pagePolicy });
  },
  'GET review.js': (_, __, response) => send(response, 200, 'text/javascript; charset=utf-8', reviewScript),
  'GET review.css': (_, __, response) => send(response, 200, 'text/css; charset=utf-8', reviewStyles),
  'GET report': async ({ reportPath }, _, response) => {
    // The report's own policy, in the page, forbids all but its own style and script.
    const headers = { 'Content-Security-Policy': "frame-ancestors 'none'" };
    send(response, 200, html, await readReport(reportPath), headers);
  },
  'GET items': ({ review }, _, response, parameters) => {
    sendJson(response, 200, { ...review.find(itemQuery(parameters)), progress: review.progress });
  },
  'GET changes': ({ changes }, _, response) => changes.join(response),
  'GET export.txt': exporting('txt'),
  'GET export.csv': exporting('csv'),
  'GET export.jsonl': exporting('jsonl'),
  'POST decisions': async ({ review }, request, response) => {
    const { index, decision, seen, window } = await readJson(request);
    if (!isCount(index) || !isCount(seen) || (decision !== 'keep' && decision !== 'refuse')) {
      throw new HttpError(400, 'Send index, decision (keep or refuse), seen and window.');
    }
    sendJson(response, 200, await review.decide(index, decision, seen, windowName(window)));
  },
  'POST undo': async ({ review }, request, response) => {
    const { window } = await readJson(request);
    sendJson(response, 200, await review.undo(windowName(window)));
  },
};

function exporting(format: ExportFormat): Route {
  return ({ runName, review }, _, response) => {
    const name = `${runName.replace(/[^\w.-]/g, '_')}-accepted.${format}`;
    const headers = { 'Content-Disposition': `attachment; filename="${name}"` };
    send(response, 200, exportTypes[format], [...exportTitles(review.outputs, format)].join(''), headers);
  };
}

async function readReport(path: string | undefined): Promise<Buffer> {
  const missing = new HttpError(404, 'There is no report. Run the report stage first.');
  if (path === undefined) throw missing;
  try {
    return await readFile(path);
  } catch (error) {
    throw systemErrorCode(error) === 'ENOENT' ? missing : error;
  }
}

function itemQuery(parameters: URLSearchParams): ItemQuery {
  const show = shows.find((name) => name === (parameters.get('show') ?? 'all'));
  const after = Number(parameters.get('after') ?? -1);
  const limit = Number(parameters.get('limit') ?? 50);
  if (show === undefined || !Number.isSafeInteger(after) || !isCount(limit)) {
    throw new HttpError(400, 'show, after or limit is not what it should be.');
  }
  const text = (name: string) => (parameters.get(name) ?? '').slice(0, 200);
  return { show, after, limit: Math.min(limit, largestPage), reason: text('reason'), search: text('search') };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function windowName(value: unknown): string {
  if (typeof value !== 'string' || !/^[\w-]{1,64}$/.test(value)) throw new HttpError(400, 'Name the window.');
  return value;
}
