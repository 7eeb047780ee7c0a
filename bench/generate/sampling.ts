import { silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults, type SamplingOptions } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { machine, table } from '../shared/figures.js';
import { byteTokenizer, randomWeights } from '../shared/random-model.js';
import { forceEnds } from './forced-ends.js';
import { readOptions } from './generate-options.js';

/**
 * Speed of whole texts with plain sampling, top-k 40 and top-p 0.9, in float32 and in int8: the same texts by one session,
 * in turns, so that a machine whose speed moves treats all alike. Random weights give nearly flat distributions, of which
 * top-p keeps most tokens. Ratios are medians over the rounds of those to plain sampling in the same round.
 *
 *     npm run bench -- generate/sampling --titles titles.csv --rounds 5
 */
const { model, configuration, slots, capacity, threads, lengths, rounds, source } = readOptions();
const samplers: Readonly<Record<string, Partial<SamplingOptions>>> = {
  plain: {},
  'top-k 40': { topK: 40 },
  'top-p 0.9': { topP: 0.9 },
};

interface Round {
  readonly textsPerSecond: number;
  readonly textsPerCpuSecond: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function measure(precision: 'float32' | 'int8'): Promise<ReadonlyMap<string, Round[]>> {
  const engine = createOnnxRuntimeEngine({ threads });
  const session = await openDecodeSession(engine, configuration, randomWeights(configuration), {
    slots,
    capacity,
    precision,
  });
  const tokenizer = byteTokenizer(configuration);
  const generate = async (part: Partial<SamplingOptions>, wanted: readonly number[]): Promise<Round> => {
    const forced = forceEnds(session, tokenizer.endOfTextId, wanted);
    const options = { ...generationDefaults, ...part, nsamples: wanted.length, length: capacity - 1 };
    const [started, usage] = [performance.now(), process.cpuUsage()];
    let texts = 0;
    for await (const _ of generateTexts(forced, tokenizer, options, silentContext)) texts++;
    const { user, system } = process.cpuUsage(usage);
    const seconds = (performance.now() - started) / 1000;
    return { textsPerSecond: texts / seconds, textsPerCpuSecond: (1e6 * texts) / (user + system) };
  };
  const results = new Map<string, Round[]>(Object.keys(samplers).map((name) => [name, []]));
  // What is run first compiles code for the others.
  for (const part of Object.values(samplers)) await generate(part, new Array<number>(slots).fill(4));
  for (let round = 0; round < rounds; round++)
    for (const [name, part] of Object.entries(samplers))
      results.get(name)!.push(await generate(part, lengths));
  await session.dispose();
  return results;
}

const rows: (string | number)[][] = [];
for (const precision of ['float32', 'int8'] as const) {
  const results = await measure(precision);
  const plain = results.get('plain')!;
  for (const [name, list] of results) {
    const ratio = (value: (round: Round) => number): string =>
      median(list.map((round, index) => value(round) / value(plain[index]!))).toFixed(3);
    rows.push([
      `${precision}, ${name}`,
      lengths.length,
      median(list.map(({ textsPerSecond }) => textsPerSecond)).toFixed(1),
      median(list.map(({ textsPerCpuSecond }) => textsPerCpuSecond)).toFixed(1),
      ratio(({ textsPerSecond }) => textsPerSecond),
      ratio(({ textsPerCpuSecond }) => textsPerCpuSecond),
    ]);
  }
}
process.stdout.write(
  `${model}, ${source}, ${slots} slots, ${threads} threads, ${rounds} rounds; ${machine()}\n\n`,
);
process.stdout.write(table(['', 'texts', 'texts/s', 'texts a CPU second', '÷ plain', 'by CPU time'], rows));
