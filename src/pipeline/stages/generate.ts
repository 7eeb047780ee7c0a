import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import type { GenerateCounts } from '../../common/stage-counts.js';
import { subredditPrompt } from '../../data/known-subreddits.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import type { DeviceChoice } from '../../model/engine/device-choice.js';
import { openEngine } from '../../model/engine/open-engine.js';
import {
  type GenerationOptions,
  hostSamplingOptions,
  needsNovelty,
  ranksByCommunity,
} from '../../model/generation/generation-options.js';
import { generateTexts } from '../../model/generation/generation-request.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { openForGeneration, openModelFiles } from '../../model/weights/open-for-generation.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import type { RunOptions } from '../../options/option-table.js';
import { flagOf } from '../../options/option-values.js';
import { asTitle, bareText, countTexts, describeChoice, formatGenerated } from '../../run/generated-texts.js';
import { prepareGeneration } from '../../run/prepared-generation.js';
import { runFiles } from '../../run/run-files.js';
import { decidedDevice } from '../decide/device.js';
import { keepAccepted } from '../run/earlier-results.js';
import { openGeneratedJournal, readGenerated } from './generated-file.js';
import { conditionOfRun, readModelCondition } from './model-condition.js';
import { openNovelty } from './novelty.js';
import { readPrefixes } from './prefix-file.js';
import type { StageJob, StageWorkContext } from './stage.js';

/**
 * checkpoint/ → generated.jsonl. Texts of earlier requests are kept, before the new ones. Finished texts are journalled,
 * so that an interrupted stage can be resumed.
 */
export async function runGenerate(job: StageJob, context: StageWorkContext): Promise<GenerateCounts> {
  const { folder, work, options, decisions, resume, startOver } = job;
  const { first, nsamples } = job.request ?? { first: 0, nsamples: options.nsamples };
  const kept = first === 0 ? [] : await readGenerated(join(folder, runFiles.generated));
  const request = { ...options, nsamples, firstIndex: first };
  const model = join(folder, runFiles.checkpoint);
  const hiddenPrefix = await hiddenPrefixOfRun(folder, options);
  const isCompared = options.novel || needsNovelty(options);
  const novelty = isCompared ? await openNovelty(folder, options, decisions, context) : undefined;
  const source = {
    model,
    device: decidedDevice(decisions.device),
    hiddenPrefix,
    mayStand: options.novel ? novelty?.mayStand : undefined,
    noveltyOf: novelty?.noveltyOf,
  };
  const opened = await openGeneration(source, request, context);
  const texts: GeneratedText[] = [];
  try {
    await context.begin();
    const journalPath = join(work, runFiles.generatedJournal);
    const journal = await openGeneratedJournal(journalPath, resume);
    texts.push(...journal.opened);
    try {
      const finished = new Set(texts.map(({ index }) => index));
      for await (const text of opened.generate(finished)) {
        const bare = asTitle(bareText(text), options);
        await journal.append(bare);
        texts.push(bare);
      }
    } finally {
      await journal.close();
    }
    texts.sort((a, b) => a.index - b.index);
    await writeFileAtomic(join(work, runFiles.generated), formatGenerated([...kept, ...texts]));
    if (options.addMonths && first === 0 && !startOver) await keepAccepted(folder, work);
    await rm(journalPath);
  } finally {
    await opened.dispose();
  }
  return countTexts([...kept, ...texts]);
}

/** What the model of a run reads before each title; undefined where no subreddit is named. @throws TitlesmithError `usage` for one that it does not know. */
export async function hiddenPrefixOfRun(folder: string, options: RunOptions): Promise<string | undefined> {
  const { promptSubreddit } = options;
  if (promptSubreddit === undefined) return undefined;
  const known = await readModelCondition(join(folder, runFiles.checkpoint));
  const condition = known ?? conditionOfRun(options);
  const asked = { title: `The model of ${folder}`, start: undefined, condition, madeOf: options.subreddit };
  return subredditPrompt(asked, promptSubreddit);
}

interface GenerationSource {
  /** As for `--model`. */
  readonly model: string;
  readonly device: DeviceChoice;
  /** What the model reads before each text. */
  readonly hiddenPrefix: string | undefined;
  /** The model as it writes for a community. Default: as it is. */
  readonly changed?: (model: OpenModel) => OpenModel;
  /** As in `GenerationOptions`. */
  readonly mayStand?: GenerationOptions['mayStand'];
  readonly noveltyOf?: GenerationOptions['noveltyOf'];
}

/** A request that is checked against its model. */
interface OpenedGeneration {
  /** Loads the model and yields each text when it is finished. @param finished indices of texts that exist already. */
  generate(finished: ReadonlySet<number>): AsyncGenerator<GeneratedText, void, undefined>;
  dispose(): Promise<void>;
}

/**
 * Opens a model's files and checks a request against them.
 * @throws TitlesmithError when the model is unavailable or an option is wrong.
 */
export async function openGeneration(
  { model, device, hiddenPrefix, changed = (opened) => opened, mayStand, noveltyOf }: GenerationSource,
  options: RunOptions & { readonly firstIndex?: number },
  context: WorkContext,
): Promise<OpenedGeneration> {
  const files = changed(await openModelFiles(model, context));
  try {
    const prefixes = await readPrefixes(options);
    const prepared = prepareGeneration(options, files, { prefixes, hiddenPrefix });
    const engine = await openEngine(device, { threads: options.threads });
    const onHost = hostSamplingOptions(prepared.options).map(flagOf);
    if (engine.memory && onHost.length > 0) {
      const message = `sampling: on the processor, from scores copied from the device (${onHost.join(', ')})`;
      context.onProgress({ kind: 'note', message });
    }
    const addedLogits = ranksByCommunity(options) ? await files.addedLogits?.() : undefined;
    const choice = describeChoice(options, addedLogits !== undefined);
    if (choice !== undefined) context.onProgress({ kind: 'note', message: choice });
    return {
      dispose: () => files.weights.close(),
      async *generate(finished) {
        const { capacity } = prepared;
        const { slots, precision, bestOf } = options;
        const texts = prepared.texts * bestOf;
        const loaded = await openForGeneration(files, { engine, slots, texts, capacity, precision });
        try {
          const request = { ...prepared.options, finished, mayStand, noveltyOf, addedLogits };
          yield* generateTexts(loaded.session, loaded.tokenizer, request, context, prepared.prompts);
        } finally {
          await loaded.session.dispose();
        }
      },
    };
  } catch (error) {
    await files.weights.close();
    throw error;
  }
}
