import type { RunCounts } from '../common/stage-counts.js';
import { type StageName, stageNames, verdictNames } from '../options/choices.js';

/** run.json may have been edited, or written by another version: what it counts is looked at before anything is done with it. */

type Check = (value: unknown) => boolean;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isText: Check = (value) => typeof value === 'string';

/** Whether a value is an amount: finite, 0 or more. */
export const isAmount: Check = (value) => isNumber(value) && (value as number) >= 0;
/** Whether a value is a mean loss in nats a token, of which there is a perplexity. */
export const isLoss: Check = (value) => isAmount(value) && Number.isFinite(Math.exp(value as number));
/** Whether a value is a number of things. */
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isCountOrAbsent: Check = (value) => value === undefined || isCount(value);
/** Whether a value is a share of something, from 0 to 1. */
export const isShare: Check = (value) => isAmount(value) && (value as number) <= 1;
/** Whether a value is a verdict that this titlesmith knows. */
export const isVerdict: Check = (value) => (verdictNames as readonly unknown[]).includes(value);

const areCounts: Check = (value) => isRecord(value) && Object.values(value).every(isCount);
const areTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(checks).every(([name, check]) => check(value[name]));

interface StageForm {
  readonly required: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
}

/** The fields of common/stage-counts.ts. */
const forms = {
  extract: {
    required: { extracted: isCount, kept: isCount, droppedByReason: areCounts },
    optional: { changedByRule: areCounts, remarks: areTexts },
  },
  dataset: { required: { train: isCount, validation: isCount }, optional: { prompted: isCount } },
  finetune: {
    required: {
      steps: isCount,
      epochs: isAmount,
      stopReason: (value) => ['steps', 'patience', 'copies'].includes(value as string),
      initialValidationLoss: isLoss,
      bestValidationLoss: isLoss,
      bestStep: isCount,
      finalValidationLoss: isLoss,
      parameters: isCount,
    },
    optional: {
      plannedSteps: isCount,
      trainedParameters: isCount,
      earlier: fields({ steps: isCount, epochs: isAmount }),
      rowLength: isCount,
      fittingRowLength: isCount,
      skippedSteps: isCount,
      copiesStop: fields({
        from: isCount,
        texts: isCount,
        looks: isCount,
        heldOut: fields({ count: isCount, total: isCount }),
      }),
      endedBy: fields({ samples: isCount, copies: isCount }),
      bitsPerByte: fields({
        model: isAmount,
        start: isAmount,
        unigram: isAmount,
        trigram: isAmount,
        training: isAmount,
      }),
    },
  },
  generate: {
    required: { generated: isCount, tokens: isCount, byFinishReason: areCounts },
    optional: {
      turnedAway: fields({ titles: isCount, draws: isCount }),
      chosen: fields({ titles: isCount, others: isCount }),
    },
  },
  dedupe: { required: { accepted: isCount, rejected: isCount, rejectedByReason: areCounts }, optional: {} },
  report: {
    required: {
      verdict: isVerdict,
      copyShare: isShare,
      excess: fields({ share: isNumber, low: isNumber, high: isNumber }),
    },
    optional: {
      bound: fields({
        upper: isNumber,
        holds: (value) => typeof value === 'boolean',
        outputsNeeded: isCountOrAbsent,
        heldOutNeeded: isCountOrAbsent,
      }),
      inBase: fields({ outputs: isShare, heldOut: isShare }),
    },
  },
} as const satisfies Readonly<Record<StageName, StageForm>>;

interface UsableCounts<Stage extends StageName> {
  /** Undefined where one that every record has is missing or cannot be what it is said to be. */
  readonly counts?: NonNullable<RunCounts[Stage]>;
  /** Names of those that were left out. */
  readonly faults: readonly string[];
}

/**
 * What can be used of the counts that run.json has of a stage. Names that this titlesmith does not know are left out.
 * @param recorded undefined where none are there.
 */
export function usableCounts<Stage extends StageName>(stage: Stage, recorded: unknown): UsableCounts<Stage> {
  const { required, optional }: StageForm = forms[stage];
  const value = isRecord(recorded) ? recorded : {};
  const missing = Object.keys(required).filter((name) => !required[name]!(value[name]));
  const wrong = Object.keys(optional).filter(
    (name) => value[name] !== undefined && !optional[name]!(value[name]),
  );
  const faults = [...missing, ...wrong];
  if (missing.length > 0) return { faults };
  const known = Object.entries(value).filter(
    ([name]) => Object.hasOwn(required, name) || (Object.hasOwn(optional, name) && !wrong.includes(name)),
  );
  // The checks above are of the type's fields.
  return { counts: Object.fromEntries(known) as unknown as NonNullable<RunCounts[Stage]>, faults };
}

/** The counts of stages, those left out that are none. */
export function usableRunCounts(recorded: Readonly<Partial<Record<StageName, unknown>>>): RunCounts {
  const usable = stageNames.map((stage) => [stage, usableCounts(stage, recorded[stage]).counts] as const);
  return Object.fromEntries(usable.filter(([, counts]) => counts !== undefined));
}
