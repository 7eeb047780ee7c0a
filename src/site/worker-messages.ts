/** What the page and its worker say to each other. The worker does all the work; the page shows it. */

/** What this browser offers, and why not more. */
export interface BrowserFacts {
  readonly device: 'wasm' | 'webgpu';
  readonly threads: number;
  /** One sentence for people: what computes, and why not something faster. */
  readonly reason: string;
}

/** The runs of this browser, the newest first. */
interface StoredRuns {
  /** Whether they are kept when the tab is closed. */
  readonly areKept: boolean;
  /** Why they are, or are not. */
  readonly reason: string;
  readonly runs: readonly StoredRun[];
}

/** A run that this browser keeps. */
export interface StoredRun {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly begun: string;
  readonly state: 'unfinished' | 'trained';
  /** Whether another tab works on it. */
  readonly isAtWorkElsewhere?: boolean;
  readonly steps: number;
  readonly plannedSteps: number;
  readonly texts: number;
  /** Bytes of what its archive packs, which is smaller; undefined in a list. */
  readonly bytes?: number | undefined;
}

/** What was read from a person's files. */
export interface TitlesRead {
  /** What the titles came from: names of files, or the example. */
  readonly name: string;
  readonly isExample: boolean;
  readonly extracted: number;
  readonly kept: number;
  readonly dropped: readonly DroppedTitles[];
  /** What was taken for what, read otherwise or left out: lines for people. */
  readonly remarks: readonly string[];
  readonly train: number;
  readonly heldOut: number;
  /** Some of what was kept. */
  readonly samples: readonly string[];
}

/** What a person gives to read. */
export interface GivenTitles {
  /** Undefined: the example. */
  readonly files: readonly File[] | undefined;
  /** The column of a table that holds the titles; undefined: the one called `title`, or the only one. */
  readonly column?: string | undefined;
}

interface DroppedTitles {
  readonly reason: string;
  readonly count: number;
  /** Some of them. */
  readonly samples: readonly string[];
}

/** What a person sets for a training; undefined: as titlesmith would by itself. */
export interface TrainingWish {
  /** What the run is to be called; undefined: after what was read. */
  readonly name?: string | undefined;
  readonly steps?: number | undefined;
  /** Rank of low-rank adapters; undefined: all weights. */
  readonly loraRank?: number | undefined;
  readonly seed: number;
}

/** A training that has ended. Losses are nats a token of the held-out titles. */
export interface TrainingEnd {
  readonly run: StoredRun;
  readonly steps: number;
  /** How often the titles were read; with parts. */
  readonly passes: number;
  readonly bestStep: number;
  readonly initialLoss: number;
  readonly bestLoss: number;
  readonly seconds: number;
}

/** What a person asks texts for. */
export interface TextsWish {
  /** A stored run; undefined: the base model as it came. */
  readonly run: string | undefined;
  /** Of those that the base model knows by name; undefined: none. */
  readonly community: string | undefined;
  readonly count: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly typicalP: number;
  readonly repetitionPenalty: number;
  readonly length: number;
  readonly prefix: string;
  readonly seed: number | undefined;
}

/** A text, and what it copies. */
export interface ShownText {
  readonly text: string;
  /** The request that it was written for, from 1; undefined where that is the only one. */
  readonly round?: number | undefined;
  /** `written`: not compared yet. */
  readonly state: 'written' | 'new' | 'refused';
  /** Why it is refused. */
  readonly reason?: string | undefined;
  readonly evidence?: string | undefined;
  /** The title, or the earlier text, that it copies. */
  readonly matched?: MatchedTitle | undefined;
}

/** Both texts word by word, and where they differ, in runs (src/report/differences.ts). */
interface MatchedTitle {
  readonly text: string;
  readonly title: string;
  readonly runs: readonly number[];
}

/** What was found about a run's texts, for people, and the whole report. */
export interface Verdict {
  readonly verdict: 'underfits' | 'overfits' | 'leans' | 'healthy' | 'unknown';
  readonly headline: string;
  /** What it means for the person and what to do, in plain words. */
  readonly plain: string;
  /** What was measured, in the report's words. */
  readonly meaning: string;
  readonly accepted: number;
  readonly refused: number;
  /** Shares from 0 to 1. */
  readonly copyShare: number;
  readonly heldOutCopyShare: number;
  /** The report, a page of its own. */
  readonly page: string;
}

/** All texts of a run, or those just drawn of the base model, of which there is no verdict. */
export interface WrittenTexts {
  readonly texts: readonly ShownText[];
  readonly verdict: Verdict | undefined;
  /** Whether the person stopped it, so that there are fewer than were asked for. */
  readonly isStopped: boolean;
}

/** All of a run that the page shows. */
export interface OpenedRun {
  readonly run: StoredRun;
  readonly titles: TitlesRead | undefined;
  readonly curve: LossCurve;
  /** The step whose weights were kept; undefined where it is not trained to the end. */
  readonly bestStep: number | undefined;
  readonly written: WrittenTexts;
}

/** Nats a token. */
export interface LossCurve {
  readonly training: readonly LossPoint[];
  readonly heldOut: readonly LossPoint[];
}

export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** What can be saved as a file. */
export type DownloadKind = 'accepted' | 'report' | 'archive';

/** What the page asks, and what comes back. */
export interface WorkerCalls {
  readonly describeBrowser: { readonly asks: undefined; readonly answers: BrowserFacts };
  readonly listRuns: { readonly asks: undefined; readonly answers: StoredRuns };
  readonly readTitles: { readonly asks: GivenTitles; readonly answers: TitlesRead };
  /** Trains on the titles that were read last, or of the run that was opened last. Stopped, it answers with a run that is unfinished. */
  readonly train: { readonly asks: TrainingWish; readonly answers: TrainingEnd };
  /** Goes on with a run that is unfinished. */
  readonly goOn: { readonly asks: string; readonly answers: TrainingEnd };
  readonly openRun: { readonly asks: string; readonly answers: OpenedRun };
  readonly openArchive: { readonly asks: File; readonly answers: OpenedRun };
  readonly removeRun: { readonly asks: string; readonly answers: undefined };
  /** Adds texts to a run, or draws some of the base model, and compares them. */
  readonly generate: { readonly asks: TextsWish; readonly answers: WrittenTexts };
  readonly download: {
    readonly asks: { readonly run: string; readonly kind: DownloadKind };
    readonly answers: { readonly name: string; readonly content: Blob };
  };
}

export type CallName = keyof WorkerCalls;

/** To the worker. */
export type PageMessage =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly asks: unknown }
  /** Ends the call that is at work as soon as it may end; it answers with what it has. */
  | { readonly kind: 'stop' };

/** To the page. */
export type WorkerMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly answers: unknown }
  /** One line: what, where, and what to do. */
  | {
      readonly kind: 'trouble';
      readonly id: number;
      readonly line: string;
      readonly stopped: boolean;
      /** Whether the worker can do nothing more, and another is to be begun. */
      readonly isBroken: boolean;
      readonly columns: readonly string[];
    }
  | { readonly kind: 'event'; readonly event: WorkEvent };

/** What happens while a call is at work. */
export type WorkEvent =
  /** `done` of `total`, where that is known. */
  | {
      readonly name: 'progress';
      readonly what: Work;
      readonly done: number;
      readonly total: number | undefined;
      readonly secondsLeft?: number | undefined;
    }
  | { readonly name: 'note'; readonly line: string }
  | { readonly name: 'began'; readonly run: StoredRun }
  | { readonly name: 'loss'; readonly point: LossPoint }
  | { readonly name: 'heldOutLoss'; readonly point: LossPoint }
  | { readonly name: 'sample'; readonly step: number; readonly texts: readonly string[] }
  | { readonly name: 'text'; readonly text: ShownText };

export type Work = 'load' | 'read' | 'train' | 'measure' | 'write' | 'compare';
