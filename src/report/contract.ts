/** What the report is made of. Declared here structurally: the report knows no other room. */
export interface ReportInput {
  readonly runName: string;
  /** Without `r/`; undefined where the titles came from a plain file. */
  readonly subreddit: string | undefined;
  readonly source: ReportSource;
  readonly model: { readonly name: string };
  readonly seed: number;
  /** Options worth showing, by their name on the command line. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly counts: ReportCounts;
  /** Lines of metrics.jsonl; empty where the model was not trained here. */
  readonly metrics: readonly TrainingPoint[];
  readonly verdicts: readonly ReportVerdict[];
  /** The held-out titles, rated with the training titles as the outputs are. */
  readonly heldOut: readonly RatedPair[];
  readonly overfit: OverfitFigures;
}

export interface ReportSource {
  /**
   * One line: where the titles came from. Must hold no absolute path, or the report differs from machine to
   * machine.
   */
  readonly description: string;
  /** True for the bundled sample: the posts are made up, and the report says so. */
  readonly synthetic: boolean;
}

/** What the stages counted; a stage that did not run is left out. */
export interface ReportCounts {
  readonly extract?: {
    readonly extracted: number;
    readonly kept: number;
    readonly droppedByReason: Readonly<Record<string, number>>;
  };
  readonly dataset?: { readonly train: number; readonly validation: number };
  /** Losses in nats per token of the held-out titles. */
  readonly finetune?: {
    readonly steps: number;
    readonly epochs: number;
    readonly stopReason: string;
    readonly initialValidationLoss: number;
    readonly bestValidationLoss: number;
    readonly bestStep: number;
    readonly finalValidationLoss: number;
    readonly parameters: number;
  };
  readonly generate?: {
    readonly generated: number;
    readonly tokens: number;
    readonly byFinishReason: Readonly<Record<string, number>>;
  };
}

/** Losses in nats per token. */
export interface TrainingPoint {
  readonly step: number;
  readonly loss?: number;
  readonly validationLoss?: number;
}

/**
 * A text and the training title most like it; `matched` is undefined where no title shares anything with it.
 */
export interface RatedPair {
  readonly text: string;
  readonly rating: number;
  readonly matched?: string | undefined;
}

/** One output; `reason` is undefined for an accepted one. */
export interface ReportVerdict extends RatedPair {
  readonly index: number;
  readonly reason?: string | undefined;
  /** The earlier output that this one repeats. */
  readonly repeats?: string | undefined;
}

/** Parts of 1, with the 95% interval. */
export interface ShareFigures {
  readonly count: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface RatingFigures {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly ninetiethPercentile: number;
  readonly highest: number;
  readonly nearCopies: ShareFigures;
}

export interface OverfitFigures {
  readonly threshold: number;
  readonly outputs: RatingFigures;
  readonly heldOut: RatingFigures;
  readonly excess: { readonly share: number; readonly low: number; readonly high: number };
  readonly verdict: 'overfits' | 'leans' | 'healthy' | 'unknown';
}

/** A count under a name, where order matters. */
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

/** Everything the page shows, as plain data: the content of report.json. */
export interface ReportFigures {
  /** Raised when a reader of older figures would misread these. */
  readonly format: 1;
  readonly run: {
    readonly name: string;
    readonly subreddit: string | null;
    readonly source: ReportSource;
    readonly model: string;
    readonly seed: number;
    readonly options: readonly { readonly name: string; readonly value: string }[];
  };
  readonly titles: {
    readonly extracted: number | null;
    readonly kept: number | null;
    readonly dropped: readonly NamedCount[];
    readonly train: number | null;
    readonly validation: number | null;
  };
  readonly training: ReportCounts['finetune'] | null;
  /** At most 600 points of the training loss, neighbours averaged beyond that; every validation loss. */
  readonly curve: { readonly loss: readonly CurvePoint[]; readonly validation: readonly CurvePoint[] };
  readonly generation: {
    readonly outputs: number;
    readonly tokens: number | null;
    readonly finished: readonly NamedCount[];
  };
  readonly verdicts: { readonly accepted: number; readonly rejected: readonly NamedCount[] };
  readonly overfit: OverfitFigures;
  readonly distribution: readonly RatingBin[];
  /**
   * The outputs most like a training title, at most 10 rated 1 and 60 others of each verdict, highest rating
   * first, each text once.
   */
  readonly closest: readonly Pair[];
  /** The held-out titles most like a training title: how close real ones come. */
  readonly closestHeldOut: readonly Pair[];
  /** Accepted titles, evenly taken from the whole run. */
  readonly acceptedSample: readonly Pair[];
  readonly rejectedSamples: readonly {
    readonly reason: string;
    readonly count: number;
    readonly samples: readonly Pair[];
  }[];
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
  readonly matched: string | null;
  readonly reason: string | null;
}
