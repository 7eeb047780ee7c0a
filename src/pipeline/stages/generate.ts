import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentContext, type WorkContext } from '../../common/progress.js';
import type { GenerateCounts } from '../../common/stage-counts.js';
import { withoutCondition } from '../../data/conditioning.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import type { DeviceChoice } from '../../model/engine/device-choice.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { generateTexts } from '../../model/generation/generation-request.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { openForGeneration, openModelFiles } from '../../model/weights/open-for-generation.js';
import { checkCombinations } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import { decideDevice, decidedDevice, describeDevice } from '../decide/device.js';
import { runFiles } from '../run/run-files.js';
import { formatGenerated, openGeneratedJournal } from './generated-file.js';
import { prepareGeneration } from './prepared-generation.js';
import type { StageJob } from './stage.js';

/** checkpoint/ → generated.jsonl. Finished texts are journalled, so that an interrupted stage can be resumed. */
export async function runGenerate(
  { folder, options, decisions, resume }: StageJob,
  context: WorkContext,
): Promise<GenerateCounts> {
  const journalPath = join(folder, runFiles.generatedJournal);
  const journal = await openGeneratedJournal(journalPath, resume);
  const texts = [...journal.opened];
  try {
    const finished = new Set(texts.map(({ index }) => index));
    const source = { model: join(folder, runFiles.checkpoint), device: decidedDevice(decisions.device) };
    for await (const text of generateFrom(source, options, finished, context)) {
      const bare = { ...text, text: withoutCondition(text.text) };
      await journal.append(bare);
      texts.push(bare);
    }
  } finally {
    await journal.close();
  }
  texts.sort((a, b) => a.index - b.index);
  await writeFileAtomic(join(folder, runFiles.generated), formatGenerated(texts));
  await rm(journalPath);
  return countTexts(texts);
}

/**
 * Loads a model on a device and yields each text when it is finished.
 * @param finished indices of texts that exist already.
 */
async function* generateFrom(
  { model, device }: { readonly model: string; readonly device: DeviceChoice },
  options: RunOptions,
  finished: ReadonlySet<number>,
  context: WorkContext,
): AsyncGenerator<GeneratedText, void, undefined> {
  const files = await openModelFiles(model, context);
  const open = async () => {
    const prepared = await prepareGeneration(options, files);
    const { capacity, texts } = prepared;
    const { slots, precision, threads } = options;
    const engine = await openEngine(device, { threads });
    const opened = await openForGeneration(files, { engine, slots, texts, capacity, precision });
    return { ...opened, prepared };
  };
  const { session, tokenizer, prepared } = await open().finally(() => files.weights.close());
  try {
    const request = { ...prepared.options, finished };
    yield* generateTexts(session, tokenizer, request, context, prepared.prompts);
  } finally {
    await session.dispose();
  }
}

function countTexts(texts: readonly GeneratedText[]): GenerateCounts {
  const byFinishReason: Record<string, number> = {};
  let tokens = 0;
  for (const text of texts) {
    tokens += text.tokens;
    byFinishReason[text.finishReason] = (byFinishReason[text.finishReason] ?? 0) + 1;
  }
  return { generated: texts.length, tokens, byFinishReason };
}

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
  const options: RunOptions = { ...defaultOptions(), ...overrides };
  checkCombinations(options);
  const device = await decideDevice(options);
  context.onProgress({ kind: 'note', message: describeDevice(device) });
  const source = { model, device: decidedDevice(device) };
  yield* inOrder(generateFrom(source, options, new Set(), context));
}

/** Yields texts in order of their index, each as soon as all before it are finished. */
export async function* inOrder(texts: AsyncIterable<GeneratedText>): AsyncGenerator<GeneratedText> {
  const waiting = new Map<number, GeneratedText>();
  let next = 0;
  for await (const text of texts) {
    waiting.set(text.index, text);
    for (let due = waiting.get(next); due; due = waiting.get(next)) {
      waiting.delete(next++);
      yield due;
    }
  }
}
