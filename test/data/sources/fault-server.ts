import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** How the next request is answered instead of well. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly reason: string; readonly message: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'lost' }
  /** Nothing comes, or half an answer, until {@link FaultServer.release} lets the rest come. */
  | { readonly kind: 'held'; readonly after: 'nothing' | 'half' }
  | { readonly kind: 'running' };

/** What the server was asked, in order: `dry run`, `insert`, `get`, `cancel`, `page 0`, … */
export interface FaultServer {
  readonly address: string;
  readonly log: string[];
  /** The body of the last job inserted. */
  readonly lastJob: () => Record<string, unknown>;
  /** Faults by what is asked; each is used once, in order. */
  readonly faults: Map<string, Fault[]>;
  /** Settles when the next answer is being held. */
  holding(): Promise<void>;
  /** Lets what is held come. */
  release(): void;
  close(): Promise<void>;
}

export interface FaultServerOptions {
  readonly rows: number;
  readonly bytes?: number;
  /** What the server claims the number of rows is. */
  readonly claimedRows?: number;
}

const schema = {
  fields: ['title', 'subreddit', 'score', 'id'].map((name) => ({
    name,
    type: name === 'score' ? 'INTEGER' : 'STRING',
    mode: 'NULLABLE',
  })),
};

/** The titles that the server holds. */
export function titleOfRow(index: number): string {
  return `A title of BigQuery, the ${index}th`;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function isDryRun(body: Record<string, unknown>): boolean {
  const { configuration } = body as { configuration?: { dryRun?: boolean } };
  return configuration?.dryRun === true;
}

/** A server that speaks as much of BigQuery's REST API as one query needs, and breaks where it is told to. */
export async function startFaultServer({ rows, bytes = 1e9, claimedRows = rows }: FaultServerOptions) {
  const log: string[] = [];
  const faults = new Map<string, Fault[]>();
  const jobs = new Set<string>();
  let lastJob: Record<string, unknown> = {};
  const held: (() => void)[] = [];
  let onHeld: (() => void)[] = [];

  function hold(rest: () => void): void {
    held.push(rest);
    for (const tell of onHeld) tell();
    onHeld = [];
  }

  function send(response: ServerResponse, status: number, value: unknown, fault?: Fault): void {
    const text = JSON.stringify(value);
    if (fault?.kind === 'held' && fault.after === 'nothing') {
      hold(() => send(response, status, value));
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    if (fault?.kind === 'held') {
      const half = Math.floor(text.length / 2);
      response.write(text.slice(0, half), () => hold(() => response.end(text.slice(half))));
    } else response.end(text);
  }

  /** @returns whether the request is answered with that. */
  function fail(response: ServerResponse, fault: Fault | undefined): boolean {
    switch (fault?.kind) {
      case undefined:
      case 'lost':
      case 'held':
        return false;
      case 'reset':
        response.socket?.resetAndDestroy();
        return true;
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
        response.write('{"kind":"bigquery#', () => response.socket?.destroy());
        return true;
      case 'malformed':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"jobComplete": tru');
        return true;
      case 'running':
        send(response, 200, { jobComplete: false });
        return true;
      case 'status': {
        const { status, reason, message } = fault;
        send(response, status, { error: { code: status, message, errors: [{ reason, message }] } });
        return true;
      }
    }
  }

  function answer(
    asked: string,
    body: Record<string, unknown>,
    url: URL,
    response: ServerResponse,
    fault?: Fault,
  ): void {
    const reference = (body['jobReference'] ?? {}) as { jobId?: string };
    const jobId = reference.jobId ?? url.pathname.split('/').at(-1) ?? '';
    const job = {
      id: `project:US.${jobId}`,
      jobReference: { projectId: 'project', jobId, location: 'US' },
      status: { state: 'DONE' },
      statistics: { totalBytesProcessed: String(bytes) },
    };
    if (asked === 'insert' && jobs.has(jobId)) {
      send(response, 409, {
        error: { code: 409, message: `Already Exists: Job project:US.${jobId}` },
      });
      return;
    }
    if (asked === 'insert') {
      jobs.add(jobId);
      lastJob = body;
    }
    if (!asked.startsWith('page')) {
      send(response, 200, asked === 'cancel' ? { job } : job, fault);
      return;
    }
    const first = Number(url.searchParams.get('pageToken') ?? 0);
    const last = Math.min(rows, first + Number(url.searchParams.get('maxResults')));
    const page = Array.from({ length: last - first }, (_, index) => {
      const values = [
        titleOfRow(first + index),
        'AskReddit',
        String(rows - first - index),
        `id${first + index}`,
      ];
      return { f: values.map((v) => ({ v })) };
    });
    const next = last < rows ? { pageToken: String(last) } : {};
    const whole = { jobComplete: true, totalRows: String(claimedRows), schema, rows: page, ...next };
    send(response, 200, whole, fault);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const body = await bodyOf(request);
    const page = `page ${url.searchParams.get('pageToken') ?? 0}`;
    const job = url.pathname.endsWith('/cancel') ? 'cancel' : request.method === 'GET' ? 'get' : 'insert';
    const asked = url.pathname.includes('/queries/') ? page : isDryRun(body) ? 'dry run' : job;
    log.push(asked);
    const fault = faults.get(asked)?.shift();
    if (fail(response, fault)) return;
    if (fault?.kind !== 'lost') {
      answer(asked, body, url, response, fault);
      return;
    }
    // Done, but its answer never arrives.
    jobs.add((body['jobReference'] as { jobId: string }).jobId);
    response.socket?.resetAndDestroy();
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const started: FaultServer = {
    address: `http://127.0.0.1:${port}`,
    log,
    lastJob: () => lastJob,
    faults,
    holding: () => new Promise((resolve) => onHeld.push(resolve)),
    release: () => {
      for (const rest of held.splice(0)) rest();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}
