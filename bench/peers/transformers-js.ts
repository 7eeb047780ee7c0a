import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackage, type TransformersTensor } from '../../test/interoperability/packages.js';

/**
 * Generation by transformers.js, batch after batch; prints one JSON line like bench/generate/texts.ts. A batch lasts
 * until its longest text ends.
 *
 *     node transformers-js.js <ONNX folder> <lengths.json> <batch size> <threads>
 */
const [folder = '', lengthsPath = '', batchSize = '32', threads = '2'] = process.argv.slice(2);
const lengths = JSON.parse(readFileSync(lengthsPath, 'utf8')) as number[];
const transformers = findPackage('@huggingface/transformers');
if (!transformers) throw new Error('transformers.js is missing: run .ci/install-test-tools.');
const { env, LogitsProcessor, LogitsProcessorList, pipeline, Tensor } = transformers;
env.allowRemoteModels = false;
env.localModelPath = '';
const description = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { eos_token_id: number };
const endToken = description.eos_token_id;

/** Ends each text of a batch after its number of tokens, and not before. */
class ForcedEnds extends LogitsProcessor {
  private generated = 0;

  constructor(private readonly wanted: readonly number[]) {
    super();
  }

  override _call(_: bigint[][], logits: TransformersTensor): TransformersTensor {
    const [rows, vocabularySize] = logits.dims as [number, number];
    const data = logits.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      const start = row * vocabularySize;
      const ends = this.generated >= this.wanted[row]!;
      if (ends) data.fill(Number.NEGATIVE_INFINITY, start, start + vocabularySize);
      data[start + endToken] = ends ? 0 : Number.NEGATIVE_INFINITY;
    }
    this.generated++;
    return logits;
  }
}

const generator = await pipeline('text-generation', folder, {
  dtype: 'fp32',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});

/** The longest text and its end token; texts of one length need no end. */
function newTokens(wanted: readonly number[]): number {
  const longest = Math.max(...wanted);
  return longest === Math.min(...wanted) ? longest : longest + 1;
}

async function generateBatch(wanted: readonly number[]): Promise<void> {
  const rows = wanted.length;
  const processors = new LogitsProcessorList();
  processors.push(new ForcedEnds(wanted));
  await generator.model.generate({
    inputs: new Tensor('int64', new BigInt64Array(rows).fill(BigInt(endToken)), [rows, 1]),
    attention_mask: new Tensor('int64', new BigInt64Array(rows).fill(1n), [rows, 1]),
    max_new_tokens: newTokens(wanted),
    do_sample: true,
    temperature: 0.7,
    top_k: 50,
    logits_processor: processors,
  });
}

const size = Number(batchSize);
await generateBatch(new Array<number>(size).fill(3));
const [started, usage] = [performance.now(), process.cpuUsage()];
for (let first = 0; first < lengths.length; first += size)
  await generateBatch(lengths.slice(first, first + size));
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(usage);
const tokens = lengths.reduce((sum, length) => sum + length, 0);
const report = {
  name: `transformers.js ${env.version} float32, top-k 50, batch ${size}`,
  textsPerSecond: lengths.length / seconds,
  tokensPerSecond: tokens / seconds,
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  texts: lengths.length,
  tokens,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
