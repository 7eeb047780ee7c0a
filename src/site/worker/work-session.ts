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
  private stopping = new AbortController();
  private runs: Promise<RunSession> | undefined;

  constructor(private readonly emit: (event: WorkEvent) => void) {}

  /** @throws TitlesmithError for what a person can mend; InterruptedError once it was stopped. */
  async answer(name: CallName, asks: unknown): Promise<unknown> {
    this.stopping = new AbortController();
    if (name === 'readTitles') return this.readTitles(asks as WorkerCalls['readTitles']['asks']);
    this.runs ??= this.openRuns();
    const call = (await this.runs).calls[name] as (asks: unknown) => Promise<unknown>;
    return call(asks);
  }

  /** Ends the call that is at work between two of its steps. */
  stop(): void {
    this.stopping.abort();
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
