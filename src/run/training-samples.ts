import { formatCount, formatPercent, pluralize } from '../common/number-formats.js';
import { silentContext, type WorkContext } from '../common/progress.js';
import { withoutCondition } from '../data/conditioning.js';
import type { SplitTitles } from '../data/title-split.js';
import { createTitleJudge, type TitleJudge } from '../dedupe/title-judge.js';
import { wilsonShare } from '../dedupe/verdict/proportions.js';
import type { Engine } from '../model/engine/engine.js';
import { generationDefaults } from '../model/generation/generation-options.js';
import { generateTexts } from '../model/generation/generation-request.js';
import { encodeWords } from '../model/tokenizer/gpt2.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import type { TrainingSamples } from '../model/training/training-loop.js';
import type { SampledCopies } from '../model/training/training-storage.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import type { WeightSource } from '../model/transformer/weight-source.js';
import { openGenerationSession } from '../model/weights/generation-session.js';

/** Texts of a sample that are shown, and characters of each, the last of them an ellipsis where there are more. */
const shown = { texts: 3, characters: 120 };

interface SampleSettings {
  /** Keeps the texts of a sample, one a line. */
  readonly keep: (step: number, lines: string) => Promise<void>;
  readonly every: number;
  readonly seed: number;
  /** Number of texts in a sample. */
  readonly texts: number;
  /** Maximum tokens of a text. */
  readonly length: number;
  /** Copies from which on training stops; undefined: it does not. */
  readonly stopFrom?: number | undefined;
}

/**
 * Tells which texts are copies of training titles, by rules that the held-out titles choose.
 * @param canaries invented titles that are planted among them.
 */
export function sampleJudge(
  { train, validation }: SplitTitles,
  canaries: readonly string[] = [],
): Promise<TitleJudge> {
  return createTitleJudge(train, { heldOut: validation, tokenize: encodeWords, canaries });
}

/** Whether a sample recites what it was shown: a title, or a planted canary. */
function isRecited(judge: TitleJudge, text: string): boolean {
  const { copied, reason } = judge.judge(text);
  return copied || reason === 'canary';
}

/**
 * Generates samples during training, and counts the copies among them. Uses the default sampling
 * options rather than the run's, so that changing those does not require training again.
 */
export function trainingSamples(
  engine: Engine,
  model: {
    configuration: TransformerConfiguration;
    tokenizer: Tokenizer;
    /** Tells copies: {@link sampleJudge}. Asked for before the first sample is judged. */
    judge: () => Promise<TitleJudge>;
  },
  settings: SampleSettings,
  { onProgress }: Pick<WorkContext, 'onProgress'> = silentContext,
): TrainingSamples {
  const { configuration, tokenizer } = model;
  let opened: Promise<TitleJudge> | undefined;
  return {
    every: settings.every,
    stopFrom: settings.stopFrom,
    take: async (step, valuesOf) => {
      const weights: WeightSource = {
        read: async (name, into) => into.set(valuesOf(name)),
        close: async () => {},
      };
      const capacity = Math.min(configuration.contextLength, 1 + settings.length);
      const { texts } = settings;
      const trained = { configuration, tokenizer, weights };
      const { session } = await openGenerationSession(trained, { engine, texts, capacity });
      const outputs: { index: number; text: string }[] = [];
      try {
        const size = { nsamples: texts, length: capacity - 1 };
        const options = { ...generationDefaults, ...size, seed: settings.seed };
        for await (const text of generateTexts(session, tokenizer, options, silentContext))
          outputs.push({ ...text, text: withoutCondition(text.text) });
      } finally {
        await session.dispose();
      }
      outputs.sort((a, b) => a.index - b.index);
      const content = outputs.map(({ text }) => `${text.replaceAll('\n', ' ')}\n`).join('');
      await settings.keep(step, content);
      opened ??= model.judge();
      const judge = await opened;
      const copies = outputs.filter(({ text }) => isRecited(judge, text)).length;
      const sampled = { samples: outputs.length, copies };
      onProgress({ kind: 'note', message: `Step ${formatCount(step)}: ${describeCopies(sampled)}` });
      for (const { text } of outputs.slice(0, shown.texts))
        onProgress({ kind: 'note', message: `  ${inOneLine(text)}` });
      return sampled;
    },
  };
}

function inOneLine(text: string): string {
  const characters = [...text.trim().replace(/\s+/g, ' ')];
  const { length } = characters;
  return length > shown.characters
    ? `${characters.slice(0, shown.characters - 1).join('')}…`
    : characters.join('');
}

/** Copies among samples, with the 95% interval of their share: "3 of 32 samples are copies (9.4%; 95%: 3.2% to 24.2%)". */
export function describeCopies({ samples, copies }: SampledCopies): string {
  const { share, low, high } = wilsonShare(copies, samples);
  const range = `95%: ${formatPercent(low)} to ${formatPercent(high)}`;
  return `${formatCount(copies)} of ${pluralize(samples, 'sample')} ${copies === 1 ? 'is a copy' : 'are copies'} (${formatPercent(share)}; ${range})`;
}
