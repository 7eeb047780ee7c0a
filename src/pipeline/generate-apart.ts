import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { usageError } from '../common/errors.js';
import { silentContext, type WorkContext } from '../common/progress.js';
import { subredditPrompt } from '../data/known-subreddits.js';
import { needsNovelty } from '../model/generation/generation-options.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import { checkCombinations, checkDraws, checkOptionsTogether, drawsDiffer } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/option-values.js';
import { runOptions } from '../options/table/run.js';
import { asTitle, bareText, inOrder } from '../run/generated-texts.js';
import { restoreStageOptions } from '../run/recorded-options.js';
import { runFiles } from '../run/run-files.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';
import { readManifest } from './run/manifest-file.js';
import { missingRun } from './run/named-run.js';
import { assertInputs } from './stage-work.js';
import { askCommunity } from './stages/base-communities.js';
import { hiddenPrefixOfRun, openGeneration } from './stages/generate.js';
import { readModelCondition, titleOfModel } from './stages/model-condition.js';
import { openNovelty } from './stages/novelty.js';

/**
 * Generates with a model that is not part of a run. Yields texts in order of their index; writes nothing to disk.
 * @param model as for `--model`.
 * @throws TitlesmithError when the model is unavailable or an option is wrong; InterruptedError when the signal is aborted.
 */
export async function* generateFromModel(
  model: string,
  overrides: Partial<RunOptions>,
  context: WorkContext = silentContext,
): AsyncGenerator<GeneratedText> {
  const { promptSubreddit, guidanceScale } = overrides;
  const question = { subreddit: promptSubreddit, guidanceScale };
  const byPrompt = async (subreddit: string): Promise<string> =>
    subredditPrompt(
      { ...titleOfModel(model), condition: await readModelCondition(model), madeOf: [] },
      subreddit,
    );
  const asked = await askCommunity(model, question, byPrompt, context);
  const given: RunOptions = { ...defaultOptions(), ...overrides };
  const candidates = drawsDiffer(given) ? asked.candidates : 1;
  const options: RunOptions = { ...given, bestOf: overrides.bestOf ?? candidates };
  if (options.novel) {
    throw usageError(
      `--novel compares with the titles of a run, and ${model} is a model without any.`,
      'Name a run folder, or leave it out.',
    );
  }
  if (needsNovelty(options)) {
    throw usageError(
      `--rank ${options.rank} compares with the titles of a run, and ${model} is a model without any.`,
      'Name a run folder, or rank by probability.',
    );
  }
  checkCombinations(options);
  checkDraws(options);
  const device = await decideDevice(options, context);
  const { seed } = options;
  const seedNote =
    overrides.seed === undefined && drawsDiffer(given)
      ? [`seed: ${seed} (the default; another --seed gives other titles)`]
      : [];
  for (const message of [`model: ${model}`, describeDevice(device), ...seedNote])
    context.onProgress({ kind: 'note', message });
  const opened = await openGeneration(
    { model, device: decidedDevice(device), hiddenPrefix: asked.prompt, changed: asked.changed },
    options,
    context,
  );
  try {
    for await (const text of inOrder(opened.generate(new Set()))) yield asTitle(text, options);
  } finally {
    await opened.dispose();
  }
}

/**
 * Generates with the model of a run, by the options that the run's titles were generated with unless overridden, and leaves the
 * run as it is: nothing is locked or written. Yields texts in order of their index. Without a seed one is drawn, and said.
 * @throws TitlesmithError when there is no such run, it has no model, or an option is wrong; InterruptedError when the signal is
 * aborted.
 */
export async function* generateFromRun(
  folder: string,
  overrides: Partial<RunOptions>,
  context: WorkContext = silentContext,
): AsyncGenerator<GeneratedText> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw missingRun(folder);
  const note = (message: string): void => context.onProgress({ kind: 'note', message });
  const seed = overrides.seed ?? randomInt(runOptions.seed.maximum);
  const options: RunOptions = {
    ...restoreStageOptions(manifest, 'generate'),
    nsamples: defaultOptions().nsamples,
    ...(overrides.bestOf === 1 ? { rank: undefined } : {}),
    ...overrides,
    seed,
  };
  checkOptionsTogether(options);
  assertInputs('generate', folder);
  const hiddenPrefix = await hiddenPrefixOfRun(folder, options);
  const device = await decideDevice(options, context);
  note(`model: that of ${folder}, which stays as it is`);
  note(describeDevice(device));
  if (overrides.seed === undefined) note(`seed: ${seed} (drawn; --seed ${seed} gives the same titles again)`);
  const isCompared = options.novel || needsNovelty(options);
  const novelty = isCompared ? await openNovelty(folder, options, manifest.decisions, context) : undefined;
  const source = {
    model: join(folder, runFiles.checkpoint),
    device: decidedDevice(device),
    hiddenPrefix,
    mayStand: options.novel ? novelty?.mayStand : undefined,
    noveltyOf: novelty?.noveltyOf,
  };
  const opened = await openGeneration(source, options, context);
  try {
    for await (const text of inOrder(opened.generate(new Set()))) yield asTitle(bareText(text), options);
  } finally {
    await opened.dispose();
  }
}
