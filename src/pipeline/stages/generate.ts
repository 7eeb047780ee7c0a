import { join } from 'node:path';
import { writeFileAtomic } from '../../common/files.js';
import type { WorkContext } from '../../common/progress.js';
import { createOnnxRuntimeEngine } from '../../model/engine/onnxruntime.js';
import type { GeneratedText } from '../../model/generation/contract.js';
import { generateTexts } from '../../model/generation/generate.js';
import { readConfiguration } from '../../model/gpt2/checkpoint.js';
import { openDecodeSession } from '../../model/gpt2/decoder.js';
import { openSafetensorsModel } from '../../model/gpt2/safetensors-model.js';
import { loadTokenizer } from '../../model/tokenizer/load.js';
import type { StageJob } from './contract.js';
import type { GenerateCounts } from './counts.js';
import { runFiles } from './descriptions.js';
import { formatGenerated } from './generated-file.js';

/** Texts decoded side by side. What a text becomes does not depend on it. */
const slots = 32;

/** checkpoint/ → generated.jsonl. */
export async function runGenerate(
  { folder, options }: StageJob,
  context: WorkContext,
): Promise<GenerateCounts> {
  const checkpoint = join(folder, runFiles.checkpoint);
  const configuration = await readConfiguration(checkpoint);
  const tokenizer = await loadTokenizer(checkpoint);
  const prefixTokens = options.prefix === undefined ? 0 : tokenizer.encode(options.prefix).length;
  const capacity = Math.min(configuration.contextLength, 1 + prefixTokens + options.length);
  const weights = await openSafetensorsModel(checkpoint, configuration);
  const session = await openDecodeSession(
    createOnnxRuntimeEngine({ threads: options.threads }),
    configuration,
    weights,
    { slots: Math.min(slots, options.nsamples), capacity },
  ).finally(() => weights.close());
  const texts: GeneratedText[] = [];
  try {
    for await (const text of generateTexts(session, tokenizer, options, context)) texts.push(text);
  } finally {
    await session.dispose();
  }
  texts.sort((a, b) => a.index - b.index);
  await writeFileAtomic(join(folder, runFiles.generated), formatGenerated(texts));
  return countTexts(texts);
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
