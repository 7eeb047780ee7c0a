import type { StageName } from '../options/choices.js';
import { type OptionName, optionNames, type RunOptions, rowOf, stagesOf } from '../options/option-table.js';
import { recordOptions, restoreOptions } from '../options/option-values.js';
import type { Decisions, Manifest } from './manifest.js';
import { finishedRecord } from './manifest.js';

/** What a call asks for: options as given or by default, and what `auto` was decided to be. */
export interface Call {
  readonly options: RunOptions;
  readonly decisions: Decisions;
}

/** Options that apply to the call in which they are given, and are never restored from run.json. */
const singleCallOptions = {
  overwrite: false,
  json: false,
  dryRun: false,
  printOnly: false,
  restoreFrom: undefined,
  prefix: undefined,
  prefixFile: undefined,
  promptSubreddit: undefined,
  subredditFile: undefined,
  keepOutFile: undefined,
} as const;

/** Stages that use the options of a group which no result depends on. */
const stagesOfGroups: Readonly<Partial<Record<string, readonly StageName[]>>> = {
  Titles: ['extract'],
  Model: ['finetune'],
  Device: ['finetune', 'generate'],
  Training: ['finetune'],
  Generation: ['generate'],
  Review: ['report'],
};

/** The stages that use an option, whether or not their results depend on it. */
function usersOf(name: OptionName): readonly StageName[] {
  const stages = stagesOf(name);
  return stages.length > 0 ? stages : (stagesOfGroups[rowOf(name).group] ?? []);
}

const stagesOfDecisions = {
  source: ['extract'],
  model: ['finetune'],
  device: ['finetune', 'generate'],
  mixedPrecision: ['finetune'],
  sentenceModel: ['dedupe'],
} as const satisfies Record<keyof Decisions, readonly StageName[]>;

/** The options and decisions of a call whose users are `among` the stages, over those recorded so far. */
function record(
  { options, decisions }: Pick<Manifest, 'options' | 'decisions'>,
  call: Call,
  among: (users: readonly StageName[]) => boolean,
): Pick<Manifest, 'options' | 'decisions'> {
  const given = recordOptions({ ...call.options, ...singleCallOptions });
  const names = optionNames.filter((name) => among(usersOf(name)));
  const decided = Object.entries(call.decisions).filter(
    ([name, decision]) =>
      decision !== undefined &&
      // What another version decides besides is left as it is.
      Object.hasOwn(stagesOfDecisions, name) &&
      among(stagesOfDecisions[name as keyof Decisions]),
  );
  const { sentenceModel, ...others } = { ...decisions, ...Object.fromEntries(decided) };
  // What was decided for an earlier search for paraphrases says nothing of a call without one.
  const isUsed = call.options.semantic || !among(stagesOfDecisions.sentenceModel);
  return {
    options: { ...options, ...Object.fromEntries(names.map((name) => [name, given[name]])) },
    decisions: sentenceModel && isUsed ? { ...others, sentenceModel } : others,
  };
}

/** What run.json says of options and decisions once a stage is done: those that it uses are in force. */
export function recordStageCall(
  manifest: Manifest,
  stage: StageName,
  call: Call,
): Pick<Manifest, 'options' | 'decisions'> {
  return record(manifest, call, (users) => users.includes(stage));
}

/**
 * What run.json says of options and decisions when a call begins to work: those of which nothing finished depends, so that
 * a run that is cut short can be gone on with stage by stage.
 */
export function recordCallBegun(manifest: Manifest, call: Call): Pick<Manifest, 'options' | 'decisions'> {
  const isFinished = (stage: StageName): boolean => finishedRecord(manifest, stage) !== undefined;
  return record(manifest, call, (users) => !users.some(isFinished));
}

/**
 * The options that a stage runs with on its own, where none is given: those it was last done with, else those recorded in
 * the run.
 * @throws TitlesmithError naming a recorded option that is invalid.
 */
export function restoreStageOptions(manifest: Manifest, stage: StageName): RunOptions {
  const own = finishedRecord(manifest, stage)?.options ?? {};
  // A stage of another name may have been run with another value since.
  const shared = optionNames.filter((name) => stagesOf(name).length > 1 && name in own);
  const options = { ...manifest.options, ...Object.fromEntries(shared.map((name) => [name, own[name]])) };
  return { ...restoreOptions(options), ...singleCallOptions };
}
