import type { Judgement, OverfitStatistics } from '../common/judgement.js';
import type { WorkContext } from '../common/progress.js';
import type { ExtractCounts } from '../common/stage-counts.js';
import type { TitleLosses } from '../common/title-losses.js';
import type { Engine } from '../model/engine/engine.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import type { MetricsLine } from '../model/training/training-storage.js';
import type { OpenModel } from '../model/weights/open-model.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import type { ReportFigures } from '../report/report-figures.js';
import type { Manifest } from '../run/manifest.js';
import type { PageAssets } from '../web/html-page.js';
import type { FileStore } from './storage/file-store.js';
import type { TitleFile } from './titles/dropped-files.js';

/** Where titles come from. */
export type TitleInput =
  | { readonly files: readonly TitleFile[] }
  /** The sample that ships: the bytes of data/sample-posts.ndjson.gz. `subreddit` among the options says which of its titles. */
  | { readonly sample: Blob };

/** What computes, and the device as `findWebDevice` says it, for the record. */
export interface ComputingDevice {
  readonly engine: Engine;
  readonly reason: string;
}

/** A model to begin with. */
export interface StartingModel extends OpenModel {
  /** Its name for the record: `base`, or what a person calls it. */
  readonly name: string;
}

/** A title that cleaning dropped, as it was, and why. */
export interface DroppedTitle {
  readonly title: string;
  readonly reason: string;
}

/**
 * A run kept in a browser: the files of a run folder, by the same names and in the same formats, so that titlesmith on Node
 * opens them. Each step reads files of earlier ones, writes its own, and counts only once it is done: a tab that is killed
 * loses nothing that was done, and a training or generation goes on where it was saved.
 *
 * All steps throw a TitlesmithError for what a person can mend, and InterruptedError once `signal` of the context is aborted,
 * after saving.
 */
export interface BrowserRun {
  readonly name: string;
  /** What run.json says: options, decisions, and each stage with its status and counts. */
  readonly manifest: Manifest;
  /** The files of the run, by their paths in its folder. */
  readonly files: FileStore;
  /** The first stage that is not done; undefined where all are. */
  readonly nextStage: StageName | undefined;
  /** Whether a training or a generation was begun and cut short, and can go on. */
  readonly canGoOn: boolean;

  /** Titles → titles.csv, dropped.csv, and dataset/ with the held-out split. */
  extract(input: TitleInput, context?: Partial<WorkContext>): Promise<ExtractCounts>;
  /** dataset/ → checkpoint/, metrics.jsonl, samples/, title-losses.json. Stops at any time, and goes on to the same bytes. */
  finetune(
    start: { readonly model: StartingModel; readonly device: ComputingDevice },
    context?: Partial<TrainingContext>,
  ): Promise<Manifest>;
  /** checkpoint/ → generated.jsonl. @param options of sampling, over those of the run. */
  generate(
    device: ComputingDevice,
    options?: Partial<RunOptions>,
    context?: Partial<GenerationContext>,
  ): Promise<readonly GeneratedText[]>;
  /** → judgement.json, accepted.txt, rejected.csv. @param fingerprints the bytes of data/base/fingerprints.bin. */
  dedupe(fingerprints: Uint8Array, context?: Partial<WorkContext>): Promise<Judgement>;
  /** → report.html and report.json. @param assets report.css and report.js of the package's dist/client. */
  report(
    assets: PageAssets,
    context?: Partial<WorkContext>,
  ): Promise<{
    readonly figures: ReportFigures;
    readonly page: string;
    readonly statistics: OverfitStatistics;
  }>;

  /** What is there so far; empty or undefined where a stage is not done. */
  readTitles(): Promise<readonly string[]>;
  readDropped(): Promise<readonly DroppedTitle[]>;
  readMetrics(): Promise<readonly MetricsLine[]>;
  readLosses(): Promise<TitleLosses | undefined>;
  readGenerated(): Promise<readonly GeneratedText[]>;
  readJudgement(): Promise<Judgement | undefined>;
  readAccepted(): Promise<readonly string[]>;
  /** The trained model, to generate with or to open in an engine of one's own; the caller closes its weights. */
  openModel(): Promise<OpenModel>;
}

/** A training also tells each line of metrics.jsonl (live and held-out loss), and each sample. */
export interface TrainingContext extends WorkContext {
  readonly onMetrics: (line: MetricsLine) => void;
  readonly onSample: (step: number, titles: readonly string[]) => void;
}

/** A generation also tells each text when it is finished. */
export interface GenerationContext extends WorkContext {
  readonly onText: (text: GeneratedText) => void;
}

/** The runs of an origin. */
export interface BrowserRuns {
  /** Whether they outlive the tab; else they are in memory alone, and `reason` says why. */
  readonly areKept: boolean;
  readonly reason: string;
  list(): Promise<readonly Manifest[]>;
  /**
   * A new run. @param options as on the command line, by their names in code.
   * @throws TitlesmithError `usage` when an option is wrong, or there is a run of that name.
   */
  create(name: string, options?: Partial<RunOptions>): Promise<BrowserRun>;
  /** @throws TitlesmithError when there is no such run, another tab has it open, or its run.json is damaged. */
  open(name: string): Promise<BrowserRun>;
  remove(name: string): Promise<void>;
}
