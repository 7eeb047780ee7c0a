import { learnsTitlesAlone } from '../data/conditioning.js';
import { effectiveTemperature, needsNovelty } from '../model/generation/generation-options.js';
import type { MixedPrecision, StageName } from '../options/choices.js';
import { scratchName } from '../options/option-rules.js';
import {
  isReported,
  isUnusedSampling,
  optionNames,
  type RunOptions,
  stagesOf,
} from '../options/option-table.js';
import { decideSizes } from './model-sizes.js';
import { decideTrainingOptions } from './training-decision.js';

/** Values of options by name. */
export type DecidedOptions = Readonly<Record<string, unknown>>;

interface ModelFacts {
  readonly model?: string | undefined;
  readonly mixedPrecision?: MixedPrecision;
  readonly vocabularySize?: number | undefined;
  readonly isFromBase?: boolean;
  /** SHA-256 of --prefix-file. */
  readonly prefixes?: string | undefined;
}

/**
 * The options that a stage's result depends on, with the values in force: an option that is given with the value it would
 * have anyway makes no difference, nor does one that another makes irrelevant.
 * @param facts the decided model and precision, for the defaults of training; of the run's model, if there is one, the tokens, and
 *   whether it descends from the base model.
 */
export function decideOptions(
  stage: StageName,
  options: RunOptions,
  { model, mixedPrecision, vocabularySize, isFromBase, prefixes }: ModelFacts,
): DecidedOptions {
  switch (stage) {
    case 'extract': {
      const { condition, ...own } = valuesOf(stage, options);
      return plain({ ...own, withSubreddit: options.condition.includes('subreddit') });
    }
    case 'dataset': {
      const { conditionShare, ...own } = valuesOf(stage, options);
      return plain({ ...own, ...(learnsTitlesAlone(options) ? { conditionShare } : {}) });
    }
    case 'finetune':
      return decideTraining(options, model ?? 'nano', mixedPrecision);
    case 'generate':
      return decideGeneration(options, vocabularySize, prefixes);
    case 'dedupe': {
      // Which sentence model is told by its content, not by its name.
      const { keepBaseCopies, semantic, semanticModel, semanticThreshold, ...own } = valuesOf(stage, options);
      return plain({
        ...own,
        ...(isFromBase && keepBaseCopies ? { keepBaseCopies } : {}),
        ...(semantic ? { semantic } : {}),
        ...(semantic && semanticThreshold !== 'auto' ? { semanticThreshold } : {}),
      });
    }
    case 'report': {
      const shown = optionNames.filter((name) => isReported(name, options[name]));
      return plain(Object.fromEntries(shown.map((name) => [name, options[name]])));
    }
    default:
      return plain(valuesOf(stage, options));
  }
}

function valuesOf(stage: StageName, options: RunOptions): Record<string, unknown> {
  const names = optionNames.filter((name) => stagesOf(name).includes(stage));
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

/** Without those that change no weight: how often training prints, saves and samples, and what it computes twice. */
function decideTraining(
  options: RunOptions,
  model: string,
  precision: MixedPrecision | undefined,
): DecidedOptions {
  const { printEvery, saveEvery, sampleEvery, recompute, steps, ...others } = decideTrainingOptions(
    model,
    options,
    precision,
  );
  const { maxEpochs, minimumSteps, minimumStepsEpochs, ...own } = others;
  // Those of nano are no options; a record of it is that of an earlier version, without them.
  const sizes = model === scratchName ? decideSizes(model, options) : {};
  const { condition, keepOut, canaries, canaryRepeats, stopWhen = 'loss' } = options;
  const { sampleNum, sampleLength } = options;
  return plain({
    ...own,
    ...sizes,
    ...(steps === undefined ? { maxEpochs, minimumSteps, minimumStepsEpochs } : { steps }),
    ...(learnsTitlesAlone(options) ? { titlesAlone: true } : {}),
    // What the checkpoint says of itself.
    ...(condition.includes('subreddit') && keepOut.length > 0 ? { keepOut } : {}),
    canaries,
    // Samples change nothing, unless they may end the training.
    ...(stopWhen === 'loss' ? {} : { stopWhen, sampleEvery, sampleNum, sampleLength }),
    ...(canaryRepeats.length > 0 ? { canaryRepeats } : {}),
  });
}

/** Without the number of texts, of which each is what it is. */
function decideGeneration(
  options: RunOptions,
  vocabularySize = Number.POSITIVE_INFINITY,
  prefixes: string | undefined,
): DecidedOptions {
  const { nsamples, prefix, prefixFile, includePrefix, novel, bestOf, rank, ...others } = valuesOf(
    'generate',
    options,
  );
  const { temperature, topK, topP, minP, typicalP, ...rest } = others;
  const own = Object.entries(rest).filter(([name, value]) => !isUnusedSampling(name, value));
  const hasPrefix = Boolean(options.prefix) || prefixes !== undefined;
  const isGreedy = effectiveTemperature(options.temperature) === 0;
  const { similarityThreshold, keepBaseCopies } = options;
  const isCompared = novel || needsNovelty(options);
  return plain({
    ...Object.fromEntries(own),
    // As many tokens as there are, or all of their probability, are no restriction: 0, as without the option.
    ...(isGreedy
      ? { temperature: 0 }
      : {
          temperature,
          topK: options.topK >= vocabularySize ? 0 : topK,
          topP: topP === 1 ? 0 : topP,
          ...(minP === 0 ? {} : { minP }),
          ...(typicalP === 0 || typicalP === 1 ? {} : { typicalP }),
        }),
    ...(hasPrefix ? { prefix, prefixes, includePrefix } : {}),
    ...(novel ? { novel } : {}),
    ...(options.bestOf > 1 ? { bestOf, rank: options.rank ?? 'probability' } : {}),
    ...(isCompared ? { similarityThreshold, keepBaseCopies } : {}),
  });
}

/** As JSON has it: without undefined values. */
function plain(values: Record<string, unknown>): DecidedOptions {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
