import type { OverfitStatistics, OverfitVerdict } from './judgement.js';
import type { BitsPerByte } from './title-losses.js';

export type ExtractCounts = {
  /** Titles read from the source. */
  readonly extracted: number;
  /** Titles left after cleaning. */
  readonly kept: number;
  readonly droppedByReason: Readonly<Record<string, number>>;
  /** Number of titles changed by each cleaning rule. */
  readonly changedByRule?: Readonly<Record<string, number>>;
  /** What was taken for what, read otherwise, or left out while the source was read: lines for people. */
  readonly remarks?: readonly string[];
};

export type DatasetCounts = {
  readonly train: number;
  readonly validation: number;
  /** Titles of both that have a prompt, where only some do. */
  readonly prompted?: number;
};

/** From how many copies in a sample on a training stops, and why. */
export type CopiesStop = {
  readonly from: number;
  /** Texts of a sample. */
  readonly texts: number;
  /** Samples planned. */
  readonly looks: number;
  /** How many of the held-out titles the same rules would call copies. */
  readonly heldOut: { readonly count: number; readonly total: number };
};

/** What lies behind the weights that a training began with. */
export type TrainingBehind = { readonly steps: number; readonly epochs: number };

/** Losses are nats per token of the held-out titles. */
export type FinetuneCounts = {
  readonly steps: number;
  /** Steps that were to be done; undefined in records of earlier versions. */
  readonly plannedSteps?: number;
  readonly epochs: number;
  /** `steps`: all were done; `patience`: the held-out loss no longer fell; `copies`: a sample held too many. */
  readonly stopReason: string;
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  /** The step whose weights were kept; 0: the model that training began with, as no later one was better. */
  readonly bestStep: number;
  readonly finalValidationLoss: number;
  readonly parameters: number;
  /** Those of them that are trained; undefined in records of earlier versions. */
  readonly trainedParameters?: number;
  /** Trainings of the run that this one went on from, up to the weights that each kept; undefined where there is none. */
  readonly earlier?: TrainingBehind;
  /** Tokens in a row. */
  readonly rowLength?: number;
  /** The row length that training would choose by itself for these titles. */
  readonly fittingRowLength?: number;
  /** Steps skipped because their gradients overflowed; undefined without mixed precision. */
  readonly skippedSteps?: number;
  /** Where samples may end the training. */
  readonly copiesStop?: CopiesStop;
  /** The sample that did. */
  readonly endedBy?: { readonly samples: number; readonly copies: number };
  /** What title-losses.json says, in bits a byte; undefined in records of earlier versions. */
  readonly bitsPerByte?: BitsPerByte;
};

/** What lies behind the weights that a training kept, trainings that it went on from included. */
export function trainingBehind({ steps, epochs, bestStep, earlier }: FinetuneCounts): TrainingBehind {
  const passes = steps === 0 ? 0 : (epochs * bestStep) / steps;
  return {
    steps: (earlier?.steps ?? 0) + bestStep,
    epochs: Math.round(1000 * ((earlier?.epochs ?? 0) + passes)) / 1000,
  };
}

export type GenerateCounts = {
  readonly generated: number;
  /** Generated tokens of all titles. */
  readonly tokens: number;
  readonly byFinishReason: Readonly<Record<string, number>>;
  /** With --novel: titles that were drawn again, and draws that were turned away. */
  readonly turnedAway?: { readonly titles: number; readonly draws: number };
  /** With --best-of: titles that were chosen among candidates, and those of them that are not their first candidate. */
  readonly chosen?: { readonly titles: number; readonly others: number };
};

export type DedupeCounts = {
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
};

/** Shares from 0 to 1. */
export type ReportCounts = {
  readonly verdict: OverfitVerdict;
  /** Share of the outputs that are copies of training titles. */
  readonly copyShare: number;
  /** That share minus the share among held-out titles, with its 95% confidence interval. */
  readonly excess: OverfitStatistics['excess'];
  /**
   * What that difference is at most, with 95% confidence to one side, and whether that is little enough; undefined in records of earlier
   * versions, and without outputs or held-out titles.
   */
  readonly bound?: Pick<
    OverfitStatistics['comparison'],
    'upper' | 'holds' | 'outputsNeeded' | 'heldOutNeeded'
  >;
  /** Shares that stand in what the base model was trained on; undefined where the model does not descend from it. */
  readonly inBase?: { readonly outputs: number; readonly heldOut: number };
};

/**
 * Counts of finished stages, undefined for one that did not run: recorded in run.json, shown in the summary, passed to the
 * report. They hold no durations, so that the same work always gives the same counts.
 */
export interface RunCounts {
  readonly extract?: ExtractCounts;
  readonly dataset?: DatasetCounts;
  readonly finetune?: FinetuneCounts;
  readonly generate?: GenerateCounts;
  readonly dedupe?: DedupeCounts;
  readonly report?: ReportCounts;
}

/** What to do where no step of a training was better than the model that it began with. */
export const trainingRemedy = 'try a lower --learning-rate, more steps, or more titles';
