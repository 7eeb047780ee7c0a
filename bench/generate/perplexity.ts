import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { readDataset } from '../../src/data/dataset-files.js';
import { float16Shortage } from '../../src/model/engine/float16.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { type DecodeSession, openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { type Precision, precisions } from '../../src/options/choices.js';
import { machine, table } from '../shared/figures.js';

/**
 * Perplexity of held-out titles by the very steps that generate, in each precision that the engine has: every title is decoded as if its
 * own tokens had been drawn.
 *
 *     npm run bench -- generate/perplexity --model runs/askreddit/checkpoint --titles runs/askreddit/dataset/validation.txt
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    titles: { type: 'string' },
    count: { type: 'string', default: '1000' },
    slots: { type: 'string', default: '64' },
    threads: { type: 'string', default: '2' },
  },
});
if (values.model === undefined || values.titles === undefined)
  throw new Error('--model and --titles are needed');
const [slots, longest] = [Number(values.slots), 128];
const { configuration, tokenizer, weights } = await openModelFiles(values.model, silentContext);
const titles: number[][] = [];
for await (const title of readDataset(values.titles)) {
  const tokens = tokenizer.encode(title);
  if (tokens.length < longest) titles.push([...tokens, tokenizer.endOfTextId]);
  if (titles.length === Number(values.count)) break;
}

/** Mean of -log p over all tokens of all titles, end tokens included. */
async function meanLoss(session: DecodeSession): Promise<number> {
  const { vocabularySize } = session;
  const start = await session.prefill(Int32Array.of(tokenizer.endOfTextId), 1);
  let [loss, count] = [0, 0];
  const add = (probability: number): void => {
    loss -= Math.log(probability);
    count++;
  };
  for (let first = 0; first < titles.length; first += slots) {
    // Longest first: those that go on are the first slots.
    const batch = titles.slice(first, first + slots).sort((a, b) => b.length - a.length);
    for (const [slot, tokens] of batch.entries()) {
      session.fill(slot, start);
      add(start.scores.probabilities[tokens[0]!]!);
    }
    for (let position = 1; position < batch[0]!.length; position++) {
      const going = batch.filter((tokens) => tokens.length > position);
      const { probabilities } = await session.step({
        tokens: Int32Array.from(going, (tokens) => tokens[position - 1]!),
        lengths: new Int32Array(going.length).fill(position),
        temperatures: new Float32Array(going.length).fill(1),
      });
      for (const [slot, tokens] of going.entries())
        add(probabilities[slot * vocabularySize + tokens[position]!]!);
    }
  }
  return loss / count;
}

const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
const losses = new Map<Precision, number>();
const shortage = await float16Shortage(engine);
for (const precision of precisions) {
  if (precision === 'float16' && shortage !== undefined) {
    process.stderr.write(`float16 is left out: ${shortage}\n`);
    continue;
  }
  const session = await openDecodeSession(engine, configuration, weights, {
    slots,
    capacity: Math.min(longest, configuration.contextLength),
    precision,
  });
  losses.set(precision, await meanLoss(session));
  await session.dispose();
}
await weights.close();
const exact = losses.get('float32')!;
const rows = [...losses].map(([precision, loss]) => [
  precision,
  loss.toFixed(4),
  Math.exp(loss).toFixed(2),
  `${((Math.exp(loss - exact) - 1) * 100).toFixed(2)} %`,
]);
const width = `${configuration.layers} layers of ${configuration.width}`;
process.stdout.write(`GPT-2 of ${width}, ${titles.length} held-out titles; ${machine()}\n\n`);
process.stdout.write(table(['', 'loss a token', 'perplexity', 'against float32'], rows));
