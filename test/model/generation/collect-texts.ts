import { silentContext, type WorkContext } from '../../../src/common/progress.js';
import {
  type GenerationOptions,
  generationDefaults,
} from '../../../src/model/generation/generation-options.js';
import { generateTexts } from '../../../src/model/generation/generation-request.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import type { DecodeSession } from '../../../src/model/transformer/decode-session.js';

/** All texts, as they come; temperature 1 unless said otherwise. */
export async function generate(
  session: DecodeSession,
  tokenizer: Tokenizer,
  options: Partial<GenerationOptions>,
  context: WorkContext = silentContext,
): Promise<GeneratedText[]> {
  const texts: GeneratedText[] = [];
  const all = { ...generationDefaults, temperature: 1, ...options };
  for await (const text of generateTexts(session, tokenizer, all, context)) texts.push(text);
  return texts;
}

/** In the order of their index. */
export const byIndex = (texts: readonly GeneratedText[]): GeneratedText[] =>
  [...texts].sort((a, b) => a.index - b.index);
