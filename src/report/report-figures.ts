import type { CanaryFindings } from '../common/canaries.js';
import type {
  BaseStatistics,
  CopyRules,
  Judgement,
  MembershipTests,
  OverfitStatistics,
  Wordings,
} from '../common/judgement.js';
import type { FinetuneCounts, RunCounts } from '../common/stage-counts.js';

/** The input of the report. */
export interface ReportInput {
  readonly runName: string;
  /** Without `r/`; undefined where the titles came from a plain file. */
  readonly subreddit: string | undefined;
  readonly source: ReportSource;
  readonly model: { readonly name: string };
  readonly seed: number;
  /** Options worth showing with the values in force, by their name on the command line. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Those of them, lists included, that were given another value than their default. Default: none. */
  readonly given?: readonly NamedValue[];
  /** The version that makes the report. */
  readonly titlesmithVersion?: string;
  /** The day on which the run was begun: YYYY-MM-DD, UTC. */
  readonly begun?: string | undefined;
  /** What was chosen at the start, and why. Default: nothing. */
  readonly decisions?: readonly DecisionMade[];
  /** The device that trained, such as `onnxruntime cpu`. */
  readonly trainedOn?: string | undefined;
  /** The values that training was decided to have, by the names of their options. Default: none. */
  readonly settings?: readonly NamedValue[];
  readonly counts: RunCounts;
  /** Lines of metrics.jsonl; empty if the model was not trained in this run. */
  readonly metrics: readonly TrainingPoint[];
  /** Copies among the texts sampled during training. Default: the shares that the metrics have, without intervals. */
  readonly sampled?: readonly SampledCopies[];
  /** Undefined: losses are shown in bits per token. */
  readonly tokensPerByte?: TokensPerByte | undefined;
  readonly judgement: Judgement;
  /** Statistics over the whole judgement. */
  readonly overfit: OverfitStatistics;
  /** Undefined where the model does not descend from titlesmith's base model. */
  readonly base?: BaseStatistics | undefined;
  /** Undefined where training planted none. */
  readonly canaries?: CanaryFindings | undefined;
}

interface ReportSource {
  /**
   * One line: where the titles came from. Must not contain an absolute path, or reports would differ between machines.
   */
  readonly description: string;
  /** True for the bundled sample: the posts are made up, and the report says so. */
  readonly synthetic: boolean;
}

/** Losses in nats per token. */
export interface TrainingPoint {
  readonly step: number;
  readonly loss?: number;
  readonly validationLoss?: number;
  /** Of the optimizer, at this step. */
  readonly learningRate?: number;
  /** Of the texts sampled at this step, the share that are copies of training titles. */
  readonly nearCopyShare?: number;
  /** Number of these texts. */
  readonly samples?: number;
}

/** Of the texts sampled after `step` steps, the share that are copies, with its 95% interval; null where their number is not known. */
export interface SampledCopies {
  readonly step: number;
  readonly share: number;
  readonly texts: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Tokens, end tokens included, that a byte of titles in UTF-8 takes. */
export interface TokensPerByte {
  readonly training: number;
  readonly heldOut: number;
}

/** A setting, and its value as it would be typed. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** A choice made by the user or by `auto`; `reason` says which, and why. */
interface DecisionMade {
  /** `source`, `model`, `device`, `mixed precision` or `sentence model`. */
  readonly name: string;
  readonly choice: string;
  readonly reason: string;
  /** Details: of a device, the name of the processor or card. */
  readonly description: string | null;
}

/** A named count, for lists whose order matters. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** Texts with a best rating from `from` up to, not including, `to`; the last bin includes 1. */
export interface RatingBin {
  readonly from: number;
  readonly to: number;
  readonly outputs: number;
  readonly heldOut: number;
}

/** Everything the page shows, as plain data: the content of report.json, which docs/report.schema.json describes. */
export interface ReportFigures {
  /** Raised when a reader of older figures would misread these. */
  readonly format: 4;
  readonly run: {
    readonly name: string;
    readonly subreddit: string | null;
    readonly source: ReportSource;
    readonly model: string;
    readonly seed: number;
    readonly options: readonly NamedValue[];
    /** Options that were given another value than their default. */
    readonly given: readonly NamedValue[];
    readonly titlesmithVersion: string | null;
    /** YYYY-MM-DD, UTC. */
    readonly begun: string | null;
    readonly decisions: readonly DecisionMade[];
    /** Null if the model was not trained in this run. */
    readonly trainedOn: string | null;
    /** The values that training was decided to have. */
    readonly settings: readonly NamedValue[];
  };
  readonly titles: {
    readonly extracted: number | null;
    readonly kept: number | null;
    readonly dropped: readonly NamedCount[];
    readonly train: number | null;
    readonly validation: number | null;
  };
  readonly training: FinetuneCounts | null;
  /** At most 600 points of the training loss, neighbours averaged beyond that; every validation loss, from step 0 on. */
  readonly curve: {
    readonly loss: readonly CurvePoint[];
    readonly validation: readonly CurvePoint[];
    readonly copies: readonly SampledCopies[];
    /** Makes bits per byte of the losses: loss / ln 2 × tokens per byte. Null where the bytes are not known. */
    readonly tokensPerByte: TokensPerByte | null;
  };
  /** The step that was best by held-out loss and novelty; null if nothing was sampled during training. */
  readonly bestCheckpoint: BestCheckpoint | null;
  readonly generation: {
    readonly outputs: number;
    readonly tokens: number | null;
    readonly finished: readonly NamedCount[];
    /** With --novel: outputs that were drawn again, and draws that were turned away. */
    readonly turnedAway: { readonly titles: number; readonly draws: number } | null;
    /** With --best-of: outputs chosen among candidates, and those of them that are not the first candidate. */
    readonly chosen?: { readonly titles: number; readonly others: number };
  };
  readonly verdicts: { readonly accepted: number; readonly rejected: readonly NamedCount[] };
  readonly rules: CopyRules;
  readonly overfit: OverfitStatistics;
  /** Undefined with too few texts, and where an earlier version judged them. */
  readonly membership?: MembershipTests | undefined;
  /** Undefined as `membership` is. */
  readonly wordings?: Wordings | undefined;
  /** Only of a model that descends from titlesmith's base model. */
  readonly base?: BaseStatistics;
  /** Only where training planted canaries. */
  readonly canaries?: CanaryFindings;
  readonly distribution: readonly RatingBin[];
  /** Outputs, highest rating first, as many as fit into 2.4 MB of the page. */
  readonly pairs: readonly Pair[];
  /** Outputs that did not fit. */
  readonly pairsLeftOut: number;
  /** The training titles that most outputs copy, at most 20. */
  readonly mostCopied: readonly Cluster[];
  /** The outputs repeated most, at most 20. */
  readonly repeats: readonly Cluster[];
  /** The held-out titles closest to a training title: how close real titles come. */
  readonly closestHeldOut: readonly Pair[];
  /** Accepted titles, evenly spaced over the run. */
  readonly acceptedSample: readonly Pair[];
  readonly rejectedSamples: readonly {
    readonly reason: string;
    readonly count: number;
    readonly samples: readonly Pair[];
  }[];
}

/** A step of training: its held-out loss in nats per token, and the share of copies among its samples. */
export interface BestCheckpoint {
  readonly step: number;
  readonly loss: number;
  readonly copyShare: number;
}

/** A text, and how many outputs copy or repeat it. */
export interface Cluster {
  readonly text: string;
  /** Outputs, the repeated one included. */
  readonly count: number;
  /** At most 3 outputs that differ from `text`. */
  readonly variants: readonly string[];
}

/** Loss in nats per token after `step` steps. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

/** Texts are cut at 300 characters. */
export interface Pair {
  readonly index: number;
  readonly text: string;
  readonly rating: number;
  /** The training title most like it; for a repeat, the earlier output. */
  readonly matched: string | null;
  /** The other training title of a glued copy. */
  readonly second: string | null;
  readonly reason: string | null;
  readonly evidence: string | null;
}
