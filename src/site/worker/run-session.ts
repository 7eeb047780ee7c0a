import { openBrowserRuns } from '../../browser/browser-runs.js';
import type { BrowserRun } from '../../browser/run/browser-run.js';
import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { MetricsLine } from '../../model/training/training-storage.js';
import type { RunOptions } from '../../options/option-table.js';
import type {
  CallName,
  OpenedRun,
  StoredRun,
  TextsWish,
  TrainingEnd,
  TrainingWish,
  Work,
  WorkEvent,
  WorkerCalls,
  WrittenTexts,
} from '../worker-messages.js';
import { unpackArchive } from './archives.js';
import { writeBaseTexts } from './base-texts.js';
import { describeDevice, onDevice, openDevice } from './device.js';
import { downloadOf } from './downloads.js';
import { openBase, readFingerprints } from './loading.js';
import { freeName } from './run-names.js';
import {
  bestStepOf,
  bytesOf,
  lossCurve,
  roundsOf,
  storedRun,
  titlesAgain,
  titlesRead,
} from './shown-runs.js';
import { shownTexts, shownVerdict } from './shown-texts.js';
import { countLoading, type Loading, loadText } from './site-assets.js';
import type { ReadTitles } from './title-reading.js';

/** Calls that need a model, or what models have made, and what does them. */
type RunCalls = {
  readonly [Name in Exclude<CallName, 'readTitles'>]: (
    asks: WorkerCalls[Name]['asks'],
  ) => Promise<WorkerCalls[Name]['answers']>;
};

/** What a session works with. */
interface SessionDoors {
  readonly emit: (event: WorkEvent) => void;
  /** Shows the progress of one kind of work, and can be stopped. */
  readonly context: (what: Work) => WorkContext;
  /** Lets work go on that is begun from now on, after a wish to stop; another wish stops that too. */
  readonly goOn: () => void;
  /** The titles that were read last, or of the run that was opened last; undefined before. */
  readonly titles: () => ReadTitles | undefined;
  /** Lets the next training learn from these. */
  readonly reuse: (titles: ReadTitles) => void;
}

/** How often a training that a person watches is tested and says something; as long without a gain as by default. */
const watched = {
  printEvery: 1,
  evaluateEvery: 25,
  patience: 6,
  sampleEvery: 25,
  sampleNum: 16,
  saveEvery: 25,
};

/** All that needs a model: training, texts, their judgement, and the runs that are kept. */
export class RunSession {
  private readonly kept = openBrowserRuns();

  constructor(private readonly doors: SessionDoors) {}

  readonly calls: RunCalls = {
    listRuns: async () => {
      const { areKept, reason } = await this.kept;
      return { areKept, reason, runs: await this.listRuns() };
    },
    describeBrowser: () => describeDevice(this.loading()),
    train: (wish) => onDevice(() => this.train(wish)),
    goOn: (name) => onDevice(() => this.withRun(name, (run) => this.learn(run))),
    openRun: (name) => this.withRun(name, (run) => this.show(run)),
    openArchive: async (archive) => {
      const name = await unpackArchive(archive, await this.kept, this.doors.context('read'));
      return this.withRun(name, (run) => this.show(run));
    },
    removeRun: async (name) => {
      await (await this.kept).remove(name);
      return undefined;
    },
    generate: (wish) => onDevice(() => this.generate(wish)),
    download: ({ run: name, kind }) =>
      this.withRun(name, (run) => downloadOf(run, kind, this.doors.context('read'))),
  };

  /** Opens a run for one call, so that other tabs may open it afterwards. */
  private async withRun<Result>(name: string, work: (run: BrowserRun) => Promise<Result>): Promise<Result> {
    const run = await (await this.kept).open(name);
    return work(run).finally(() => run.close());
  }

  private async listRuns(): Promise<StoredRun[]> {
    const runs = await this.kept;
    const [manifests, inUse] = [await runs.list(), await runs.namesInUse()];
    // It is asked for only while this tab works on none.
    const stored = manifests.map((manifest) => ({
      ...storedRun(manifest),
      isAtWorkElsewhere: inUse.has(manifest.name),
    }));
    return stored.sort((a, b) => (a.begun < b.begun ? 1 : -1));
  }

  private async train({ name, steps, loraRank, seed }: TrainingWish): Promise<TrainingEnd> {
    const titles = this.doors.titles();
    if (!titles) {
      throw new TitlesmithError('There are no titles yet.', {
        code: 'no-titles',
        hint: 'Choose a file, or try the example.',
      });
    }
    const runs = await this.kept;
    const { input, shown } = titles;
    const taken = (await runs.list()).map(({ name }) => name);
    const options: Partial<RunOptions> = {
      ...watched,
      ...titles.options,
      ...(steps === undefined ? {} : { steps }),
      ...(loraRank === undefined ? {} : { loraRank }),
      seed,
    };
    const run = await runs.create(freeName(name ?? shown.name, taken), options);
    try {
      await run.extract(input, this.doors.context('read'));
      return await this.learn(run);
    } finally {
      await run.close();
    }
  }

  /** Trains a run, or goes on with it. */
  private async learn(run: BrowserRun): Promise<TrainingEnd> {
    const began = performance.now();
    this.doors.emit({ name: 'began', run: storedRun(run.manifest) });
    const loading = this.loading();
    const [device, model] = await Promise.all([openDevice(loading), openBase(loading)]);
    const onMetrics = ({ step, loss, validationLoss }: MetricsLine): void => {
      if (loss !== undefined) this.doors.emit({ name: 'loss', point: { step, loss } });
      if (validationLoss !== undefined)
        this.doors.emit({ name: 'heldOutLoss', point: { step, loss: validationLoss } });
    };
    const onSample = (step: number, texts: readonly string[]): void =>
      this.doors.emit({ name: 'sample', step, texts });
    try {
      const counts = await run.finetune(model, device, {
        ...this.doors.context('train'),
        onMetrics,
        onSample,
      });
      return {
        run: { ...storedRun(run.manifest), bytes: await bytesOf(run) },
        steps: counts.steps,
        passes: counts.epochs,
        bestStep: counts.bestStep,
        initialLoss: counts.initialValidationLoss,
        bestLoss: counts.bestValidationLoss,
        seconds: (performance.now() - began) / 1000,
      };
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      const [, at = ''] = /at step (\d+ of \d+)/.exec(error.message) ?? [];
      throw new InterruptedError(
        `Stopped${at === '' ? '' : ` after step ${at}`}; what it learned is saved. It writes titles like yours once it has learned to the end: ` +
          'go on, now or another day, or learn anew with fewer steps (under “How long and how it learns”).',
        '',
      );
    } finally {
      await model.weights.close();
    }
  }

  private async generate(wish: TextsWish): Promise<WrittenTexts> {
    const { run: name } = wish;
    if (name !== undefined) return this.withRun(name, (run) => this.write(run, samplingOf(wish)));
    const written = await writeBaseTexts(samplingOf(wish), {
      community: wish.community,
      loading: this.loading(),
      context: this.doors.context('write'),
      onText: (text) => this.doors.emit({ name: 'text', text }),
    });
    return { ...written, verdict: undefined };
  }

  /** Adds texts to a run, and compares all it has. */
  private async write(run: BrowserRun, options: Partial<RunOptions>): Promise<WrittenTexts> {
    const device = await openDevice(this.loading());
    const onText = ({ text }: { readonly text: string }): void =>
      this.doors.emit({ name: 'text', text: { text, state: 'written' } });
    try {
      await run.generate(device, options, { ...this.doors.context('write'), onText });
      return { ...(await this.compare(run)), isStopped: false };
    } catch (error) {
      if (!(error instanceof InterruptedError) || !(await run.keepWritten())) throw error;
      this.doors.goOn();
      return { ...(await this.compare(run)), isStopped: true };
    }
  }

  private async compare(run: BrowserRun): Promise<Omit<WrittenTexts, 'isStopped'>> {
    if (!run.isJudged)
      await run.dedupe(await readFingerprints(this.loading()), this.doors.context('compare'));
    const assets = { styles: await loadText('report.css'), script: await loadText('report.js') };
    const { figures, page } = await run.report(assets);
    const judgement = await run.readJudgement();
    const texts = judgement ? shownTexts(judgement, await roundsOf(run)) : [];
    return { texts, verdict: shownVerdict(figures, page) };
  }

  private async show(run: BrowserRun): Promise<OpenedRun> {
    const { manifest } = run;
    const bestStep = bestStepOf(manifest);
    // Those of a writing that was cut short, if there are some.
    if (bestStep !== undefined) await run.keepWritten();
    const hasTexts = bestStep !== undefined && (await run.readGenerated()).length > 0;
    const written = hasTexts ? await this.compare(run) : { texts: [], verdict: undefined };
    const curve = await lossCurve(run);
    const titles = await titlesRead(run);
    if (titles) this.doors.reuse(await titlesAgain(run, titles));
    return {
      run: { ...storedRun(run.manifest, curve.training.at(-1)?.step), bytes: await bytesOf(run) },
      titles,
      curve,
      bestStep,
      written: { ...written, isStopped: false },
    };
  }

  private loading(): Loading {
    return countLoading((done, total) => this.doors.emit({ name: 'progress', what: 'load', done, total }));
  }
}

function samplingOf(wish: TextsWish): Partial<RunOptions> {
  const { count, temperature, topK, topP, minP, typicalP, repetitionPenalty, length, prefix, seed } = wish;
  return {
    nsamples: count,
    temperature,
    topK,
    topP,
    minP,
    typicalP,
    repetitionPenalty,
    length,
    ...(prefix === '' ? {} : { prefix }),
    ...(seed === undefined ? {} : { seed }),
  };
}
