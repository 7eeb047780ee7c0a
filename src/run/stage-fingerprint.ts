import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { hashValue } from './hash-value.js';
import {
  type Decision,
  type Decisions,
  type FileRecord,
  finishedRecord,
  type Manifest,
  type StageCounts,
} from './manifest.js';
import type { RecordedFacts } from './reported-facts.js';
import { stageDescriptions } from './stage-descriptions.js';

/** Counts of earlier stages. */
export function countsOf(
  manifest: Manifest,
  stages: readonly StageName[],
): Partial<Record<StageName, StageCounts>> {
  return Object.fromEntries(stages.map((stage) => [stage, finishedRecord(manifest, stage)?.counts]));
}

/** What the report tells of the run besides its files, options, decisions and counts. */
export function recordedFacts(manifest: Manifest): RecordedFacts {
  const record = finishedRecord(manifest, 'finetune');
  const training = record && {
    options: record.options ?? {},
    ...(record.device ? { device: record.device } : {}),
  };
  return { createdAt: manifest.createdAt, training };
}

/** The chosen model, with the hash of its content if it is not titlesmith's own. */
function modelIdentity(model: Decision | undefined): unknown {
  return model?.hash === undefined ? model?.choice : [model.choice, model.hash];
}

/** What a stage's result depends on, besides what run.json says of earlier stages. */
interface StageCauses {
  readonly options: Pick<RunOptions, 'semantic'>;
  readonly decisions: Decisions;
  readonly inputs: Readonly<Record<string, FileRecord>>;
  /** Identifies the source's content. */
  readonly source: string | undefined;
  /** Hash of what the base model was trained on, where the run's model descends from it and the stage compares with that. */
  readonly baseTitles: string | undefined;
}

/** Hash of what a stage's result depends on, besides its options: SHA-256, lower-case hexadecimal. */
export function stageFingerprint(
  stage: StageName,
  manifest: Manifest,
  { options, decisions, inputs, source, baseTitles }: StageCauses,
): string {
  const { version, usesCountsOf } = stageDescriptions[stage];
  return hashValue({
    version,
    inputs,
    counts: countsOf(manifest, usesCountsOf),
    source: stage === 'extract' ? source : undefined,
    model: stage === 'finetune' ? modelIdentity(decisions.model) : undefined,
    sentenceModel: stage === 'dedupe' && options.semantic ? decisions.sentenceModel?.hash : undefined,
    baseTitles,
    shown:
      stage === 'report'
        ? { runName: manifest.name, decisions, recorded: recordedFacts(manifest) }
        : undefined,
  });
}
