import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '../common/errors.js';
import { readClientBundle } from '../io/client-bundle.js';
import { HttpError } from '../web/http-error.js';
import type { EventBroadcast } from '../web/server/event-stream.js';
import { type HttpApp, servePage } from '../web/server/http-app.js';
import { selfContainedPagePolicy } from '../web/server/security-headers.js';
import { type ExportFormat, exportTitles, exportTypes } from './kept-titles.js';
import type { Review } from './review.js';
import {
  type Change,
  type DecisionRequest,
  decisionNames,
  type GroupRequest,
  type ItemList,
  type ItemQuery,
  itemOrders,
  showFilters,
  type UndoRequest,
} from './review-messages.js';
import { renderReviewPage } from './review-page.js';

/** What the routes need. */
interface ReviewContext {
  readonly runName: string;
  /** Rating from which a text counts as a near copy. */
  readonly threshold: number;
  /** Path of report.html; undefined if there is none. */
  readonly reportPath: string | undefined;
  readonly review: Review;
  readonly changes: EventBroadcast<Change>;
}

const maxItems = 200;
const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const windowName = {
  type: 'string',
  pattern: '^[\\w-]{1,64}$',
  description: 'a name of 1 to 64 letters, digits, hyphens and underscores',
} as const;

const decision = { enum: decisionNames } as const;
const filter = {
  show: { enum: showFilters },
  reason: { type: 'string' },
  search: { type: 'string' },
} as const;

const decisionSchema = {
  type: 'object',
  required: ['index', 'decision', 'seen', 'window'],
  properties: { index: count, decision, seen: count, window: windowName },
} as const;

/** All of the filter is required: a word that is missing would make it wider. */
const groupSchema = {
  type: 'object',
  required: ['decision', 'show', 'reason', 'search', 'seen', 'window'],
  properties: { decision, ...filter, seen: count, window: windowName },
} as const;

const undoSchema = { type: 'object', required: ['window'], properties: { window: windowName } } as const;

/** Values of a query string are text. */
const itemsSchema = {
  type: 'object',
  properties: {
    ...filter,
    order: { enum: itemOrders },
    after: { type: 'string', pattern: '^(-1|\\d{1,9})$', description: 'a whole number, -1 or more' },
    limit: { type: 'string', pattern: '^\\d{1,9}$', description: 'a whole number, 0 or more' },
  },
} as const;

/** The review's page, report, exports and API, all below the token's path. */
export function reviewRoutes(app: HttpApp, context: ReviewContext): void {
  const { runName, threshold, reportPath, review, changes } = context;
  const { reasons } = review;
  // A route parameter, so that the router's time does not depend on the token; guardPath compares it.
  const below = (path: string): string => `/:token/${path}`;
  servePage(app, {
    page: {
      url: below(''),
      content: renderReviewPage({ runName, reasons, threshold, hasReport: reportPath !== undefined }),
    },
    styles: { url: below('review.css'), content: readClientBundle('review.css') },
    script: { url: below('review.js'), content: readClientBundle('review.js') },
  });
  app.get(below('report'), async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', selfContainedPagePolicy)
      .send(await readReport(reportPath)),
  );
  for (const format of Object.keys(exportTypes) as ExportFormat[]) {
    const name = `${runName.replace(/[^\w.-]/g, '_')}-accepted.${format}`;
    app.get(below(`export.${format}`), async (_, reply) =>
      reply
        .type(exportTypes[format])
        .header('content-disposition', `attachment; filename="${name}"`)
        .send([...exportTitles(review.outputs, format)].join('')),
    );
  }
  app.get<{ Querystring: Partial<Record<keyof ItemQuery, string>> }>(
    below('items'),
    { schema: { querystring: itemsSchema } },
    async ({ query }): Promise<ItemList> => ({
      ...review.find(toItemQuery(query)),
      progress: review.progress,
    }),
  );
  app.get(below('changes'), (_, reply) => changes.join(reply));
  app.post<{ Body: DecisionRequest }>(
    below('decisions'),
    { schema: { body: decisionSchema } },
    async ({ body }): Promise<Change> => review.decide(body),
  );
  app.post<{ Body: GroupRequest }>(
    below('groups'),
    { schema: { body: groupSchema } },
    async ({ body }): Promise<Change> => review.decideAll(body),
  );
  app.post<{ Body: UndoRequest }>(
    below('undo'),
    { schema: { body: undoSchema } },
    async ({ body }): Promise<Change> => review.undo(body),
  );
}

function toItemQuery({
  show,
  reason,
  search,
  order,
  after,
  limit,
}: Partial<Record<keyof ItemQuery, string>>): ItemQuery {
  return {
    show: showFilters.find((name) => name === show) ?? 'all',
    reason: reason ?? '',
    search: search ?? '',
    order: itemOrders.find((name) => name === order) ?? 'doubt',
    after: Number(after ?? -1),
    limit: Math.min(Number(limit ?? 50), maxItems),
  };
}

async function readReport(path: string | undefined): Promise<Buffer> {
  const missing = new HttpError(404, 'There is no report. Run the report stage first.', {
    code: 'no_report',
  });
  if (path === undefined) throw missing;
  try {
    return await readFile(path);
  } catch (error) {
    throw systemErrorCode(error) === 'ENOENT' ? missing : error;
  }
}
