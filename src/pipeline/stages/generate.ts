import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { withoutCondition } from '../../data/conditioning.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import type { DeviceChoice } from '../../model/engine/device-names.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { generateTexts } from '../../model/generation/generate.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { openForGeneration, openModelFiles } from '../../model/weights/open-for-generation.js';
import type { RunOptions } from '../../options/option-table.js';
import { decidedDevice } from '../decide/device.js';
import { runFiles } from '../run/run-files.js';
import type { GenerateCounts } from './counts.js';
import { formatGenerated, openGeneratedJournal } from './generated-file.js';
import { prepareGeneration } from './prepared-generation.js';
import type { StageJob } from './stage.js';

/** checkpoint/ → generated.jsonl. Finished texts are kept as they come, so that an interrupted stage goes on. */
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
 * Generates what the options ask for with a model by name on a device, as each text is finished.
 * @param finished indices that are there already.
 */
export async function* generateFrom(
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
    const wanted = { ...prepared.options, finished };
    yield* generateTexts(session, tokenizer, wanted, context, prepared.prompts);
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
