import type {
  CallName,
  GivenTitles,
  OpenedRun,
  PageMessage,
  WorkEvent,
  WorkerCalls,
  WorkerMessage,
} from '../worker-messages.js';

/** Written in by the build: the worker's script, from the page. */
declare const WORKER_PATH: string;

/** What a call ended with where it did not answer; the message is one line for people. */
export class WorkTrouble extends Error {
  constructor(
    line: string,
    /** Whether the person had stopped it. */
    readonly stopped: boolean,
    /** Columns of a table, one of which holds the titles; most often none. */
    readonly columns: readonly string[] = [],
  ) {
    super(line);
  }
}

type GaveTitles =
  | { readonly name: 'readTitles'; readonly asks: GivenTitles }
  | { readonly name: 'openRun'; readonly asks: string };

interface Waiting {
  readonly resolve: (answers: unknown) => void;
  readonly reject: (trouble: WorkTrouble) => void;
}

/** The page's end of its worker, which starts with the first call: what only looks at the page loads no more. */
export class WorkerClient {
  private worker: Worker | undefined;
  private lastId = 0;
  /** What gave the worker the titles that it would learn from. */
  private gaveTitles: GaveTitles | undefined;
  private wantsStop = false;
  /** Whether runs outlive their worker; else a worker that is broken is all that holds them. */
  keepsRuns = true;
  private readonly waiting = new Map<number, Waiting>();

  /** @param onEvent hears what happens while a call is at work. */
  constructor(private readonly onEvent: (event: WorkEvent) => void) {}

  /** @throws WorkTrouble where the worker cannot do it. */
  call<Name extends CallName>(
    name: Name,
    asks: WorkerCalls[Name]['asks'],
  ): Promise<WorkerCalls[Name]['answers']> {
    this.wantsStop = false;
    const isNew = this.worker === undefined;
    this.worker ??= this.start();
    // A worker that was begun anew knows no titles; it does one call after the other, and this one comes first.
    if (isNew && name === 'train' && this.gaveTitles)
      this.ask(this.gaveTitles.name, this.gaveTitles.asks).catch(() => {});
    return this.ask(name, asks).then((answers) => {
      this.note(name, asks, answers);
      return answers;
    });
  }

  /** Asks what is at work to end. */
  stop(): void {
    this.wantsStop = true;
    this.post({ kind: 'stop' });
  }

  /** To be called between two calls of one piece of work. @throws WorkTrouble where the person has stopped it since the last began. */
  checkStop(): void {
    if (this.wantsStop) throw new WorkTrouble('Stopped; what was saved stays as it was.', true);
  }

  private ask<Name extends CallName>(
    name: Name,
    asks: WorkerCalls[Name]['asks'],
  ): Promise<WorkerCalls[Name]['answers']> {
    this.lastId++;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (answers: unknown) => void, reject });
      this.post({ kind: 'call', id, name, asks });
    });
  }

  private note(name: CallName, asks: unknown, answers: unknown): void {
    if (name === 'readTitles') this.gaveTitles = { name, asks: asks as GivenTitles };
    else if (name === 'openRun') this.gaveTitles = { name, asks: asks as string };
    else if (name === 'openArchive')
      this.gaveTitles = { name: 'openRun', asks: (answers as OpenedRun).run.id };
  }

  private post(message: PageMessage): void {
    this.worker?.postMessage(message);
  }

  private start(): Worker {
    // A worker of a blob is bound by the page's policy; that of an address by what its host sends, which may be nothing.
    const address = new URL(WORKER_PATH, document.baseURI).href;
    const code = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
    const worker = new Worker(URL.createObjectURL(code), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => this.hear(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.fail(
        event.message === undefined || event.message === ''
          ? 'The page’s program could not be loaded. Check the connection, and load the page again.'
          : `The page’s program failed: ${event.message}. What was saved is still there: try again.`,
      );
    });
    return worker;
  }

  /** Ends all that waits; the next call starts another worker. */
  private fail(line: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of all) reject(new WorkTrouble(line, false));
  }

  private hear(message: WorkerMessage): void {
    if (message.kind === 'event') {
      this.onEvent(message.event);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') {
      waiting?.resolve(message.answers);
      return;
    }
    waiting?.reject(new WorkTrouble(message.line, message.stopped, message.columns));
    if (message.isBroken && this.keepsRuns) this.fail(message.line);
  }
}
