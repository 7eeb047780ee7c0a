import type { Judgement } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import type {
  DatasetCounts,
  DedupeCounts,
  ExtractCounts,
  FinetuneCounts,
  GenerateCounts,
  ReportCounts,
} from '../../common/stage-counts.js';
import type { Engine } from '../../model/engine/engine.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { MetricsLine } from '../../model/training/training-storage.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import type { StageName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { ReportFigures } from '../../report/report-figures.js';
import type { Manifest } from '../../run/manifest.js';
import type { PageAssets } from '../../web/html-page.js';
import type { FileStore } from '../storage/file-store.js';
import type { TitleInput } from '../titles/read-titles.js';
import type { StartingModel } from '../train-on-titles.js';
import type { GenerationContext } from './generation-work.js';

/** What computes, and why it was chosen, as `findWebDevice` says it, for the record. */
export interface ComputingDevice {
  readonly engine: Engine;
  readonly reason: string;
}

/** A training also tells each line of metrics.jsonl (live and held-out loss), and each sample. */
export interface TrainingContext extends WorkContext {
  readonly onMetrics: (line: MetricsLine) => void;
  readonly onSample: (step: number, titles: readonly string[]) => void;
}

/**
 * A run kept in a browser: the files of a run folder, by the same names and in the same formats, so that titlesmith on Node
 * opens them. Each step reads files of earlier ones, writes its own, and counts only once it is done: a tab that is killed
 * loses nothing that was done, and a training or a generation goes on where it was saved.
 *
 * Steps throw a TitlesmithError for what a person can mend, and InterruptedError once the context's `signal` is aborted, after
 * saving.
 */
export interface BrowserRun {
  readonly name: string;
  /** What run.json says: options, decisions, and each stage with its status and counts. */
  readonly manifest: Manifest;
  /** The files of the run, by their paths in its folder. */
  readonly files: FileStore;
  /** The first stage that is not done; undefined where all are. */
  readonly nextStage: StageName | undefined;
  /** Titles → titles.csv, dropped.csv, and dataset/ with the held-out split. */
  extract(
    input: TitleInput,
    context?: Partial<WorkContext>,
  ): Promise<{ readonly extract: ExtractCounts; readonly dataset: DatasetCounts }>;
  /** dataset/ → tokens/, checkpoint/, metrics.jsonl, samples/, title-losses.json. Goes on where it was cut short. */
  finetune(
    model: StartingModel,
    device: ComputingDevice,
    context?: Partial<TrainingContext>,
  ): Promise<FinetuneCounts>;
  /**
   * checkpoint/ → generated.jsonl. Where there are titles already, more are added.
   * @param options of generation, over those of the run. @param fingerprints needed with `novel`, and to rank by novelty.
   */
  generate(
    device: ComputingDevice,
    options?: Partial<RunOptions>,
    context?: Partial<GenerationContext>,
    fingerprints?: Uint8Array,
  ): Promise<GenerateCounts>;
  /**
   * Lets the texts count that a generation had finished when it was stopped, or its tab closed: → generated.jsonl. It is then done,
   * of fewer texts than were asked for.
   * @returns undefined, and nothing changes, where there are none.
   */
  keepWritten(): Promise<GenerateCounts | undefined>;
  /** Whether judgement.json is of the texts and titles that are there. */
  readonly isJudged: boolean;
  /** → judgement.json, accepted.txt, rejected.csv. @param fingerprints the bytes of data/base/fingerprints.bin. */
  dedupe(fingerprints: Uint8Array, context?: Partial<WorkContext>): Promise<DedupeCounts>;
  /** → report.html, report.json. @param assets report.css and report.js of the package's dist/client. */
  report(
    assets: PageAssets,
  ): Promise<{ readonly counts: ReportCounts; readonly figures: ReportFigures; readonly page: string }>;
  /** The trained model; `close` it once it is read, as by `generateFrom`. @throws TitlesmithError where there is none. */
  openModel(): Promise<OpenModel>;
  readJudgement(): Promise<Judgement | undefined>;
  readGenerated(): Promise<readonly GeneratedText[]>;
  /** The run as an archive, `.tar.gz`, that "titlesmith import" takes and this browser opens again. */
  pack(context?: Partial<WorkContext>): Promise<Blob>;
  /** Its model as a folder in an archive, `.tar.gz`, which titlesmith and Hugging Face's libraries open. @throws TitlesmithError where there is none. */
  packModel(context?: Partial<WorkContext>): Promise<Blob>;
  /** Lets another tab open the run. */
  close(): Promise<void>;
}
