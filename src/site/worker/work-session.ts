import type { WorkContext } from '../../common/progress.js';
import type { CallName, GivenTitles, Work, WorkEvent, WorkerCalls } from '../worker-messages.js';
import type { RunSession } from './run-session.js';
import { TimeLeft } from './time-left.js';
import { type ReadTitles, readForPage } from './title-reading.js';

/** What a training is at, by what it counts: texts are samples that it writes meanwhile, which do not end it. */
const trainingWorks: Readonly<Record<string, Work | undefined>> = { steps: 'train', titles: 'measure' };

/**
 * Does what the page asks, one call at a time. What trains and generates is loaded once it is needed: who only looks at their titles
 * transfers little.
 */
export class WorkSession {
  private titles: ReadTitles | undefined;
  /** Stops what is at work. */
  private stopping = new AbortController();
  /** Stops of the calls that have come and not ended. */
  private readonly stops = new Set<AbortController>();
  private last: Promise<unknown> = Promise.resolve();
  private runs: Promise<RunSession> | undefined;

  constructor(private readonly emit: (event: WorkEvent) => void) {}

  /**
   * Does a call once those before it have ended.
   * @throws TitlesmithError for what a person can mend; InterruptedError once it was stopped, be it before it had begun.
   */
  call(name: CallName, asks: unknown): Promise<unknown> {
    const stop = new AbortController();
    this.stops.add(stop);
    const done = this.last
      .then(() => {
        this.stopping = stop;
        return this.answer(name, asks);
      })
      .finally(() => this.stops.delete(stop));
    this.last = done.catch(() => {});
    return done;
  }

  private async answer(name: CallName, asks: unknown): Promise<unknown> {
    if (name === 'readTitles') return this.readTitles(asks as WorkerCalls['readTitles']['asks']);
    this.runs ??= this.openRuns();
    const call = (await this.runs).calls[name] as (asks: unknown) => Promise<unknown>;
    return call(asks);
  }

  /** Ends the call that is at work between two of its steps, and those that wait for it. */
  stop(): void {
    for (const stop of [this.stopping, ...this.stops]) stop.abort();
  }

  private async readTitles(given: GivenTitles): Promise<ReadTitles['shown']> {
    // Those that were read before stay where these cannot be read.
    this.titles = await readForPage(given, this.context('read'));
    return this.titles.shown;
  }

  private async openRuns(): Promise<RunSession> {
    const { RunSession } = await import('./run-session.js');
    const { emit } = this;
    return new RunSession({
      emit,
      context: (what) => this.context(what),
      goOn: () => {
        this.stopping = new AbortController();
      },
      titles: () => this.titles,
      reuse: (titles) => {
        this.titles = titles;
      },
    });
  }

  private context(what: Work): WorkContext {
    const timeLeft = new TimeLeft();
    return {
      signal: this.stopping.signal,
      onProgress: (event) => {
        if (event.kind !== 'progress') {
          this.emit({ name: 'note', line: event.message });
          return;
        }
        const { done, total, unit } = event;
        const work = what === 'train' ? trainingWorks[unit] : what;
        if (work === undefined) return;
        const secondsLeft = work === 'train' || work === 'write' ? timeLeft.after(done, total) : undefined;
        this.emit({ name: 'progress', what: work, done, total, secondsLeft });
      },
    };
  }
}
