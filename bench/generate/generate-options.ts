import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { createRandom, shuffle } from '../../src/common/random.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { defaultSlots } from '../../src/model/transformer/slots.js';
import type { Precision } from '../../src/options/choices.js';
import { configurations } from '../shared/configurations.js';

export interface GenerateBenchOptions {
  readonly model: string;
  readonly configuration: TransformerConfiguration;
  readonly slots: number;
  readonly capacity: number;
  readonly threads: number;
  readonly precision: Precision;
  /** New tokens of each text. */
  readonly lengths: readonly number[];
  /** Where the lengths come from. */
  readonly source: string;
  readonly rounds: number;
  /** A Python with PyTorch and transformers, for the peers. */
  readonly python: string | undefined;
  /** A folder whose node_modules has node-llama-cpp, and a Python with gguf to write its model with. */
  readonly llama: string | undefined;
  /** A Python with TensorFlow and gpt-2-simple. */
  readonly tensorflow: string | undefined;
  /** Where ONNX Runtime writes the times of every operator, as a path's beginning. */
  readonly profile: string | undefined;
  /** Texts that peers generate where all would take too long. */
  readonly peerTexts: number;
  /** Which contestants take part. */
  readonly only: RegExp;
}

/** GPT-2 tokens of each title of a CSV's first column, in seeded order, `count` of them. */
function titleLengths(path: string, count: number): number[] {
  const rows = parse(readFileSync(path), { relaxColumnCount: true, fromLine: 2 }) as string[][];
  const tokenizer = gpt2Tokenizer();
  const lengths = rows.map(([title = '']) => tokenizer.encode(title).length).filter((length) => length > 0);
  shuffle(lengths, createRandom(1, 'lengths'));
  return Array.from({ length: count }, (_, index) => lengths[index % lengths.length]!);
}

function readLengths(
  { lengths, titles }: { lengths?: string | undefined; titles?: string | undefined },
  texts: number,
  equal: number,
): number[] {
  if (lengths !== undefined) return JSON.parse(readFileSync(lengths, 'utf8')) as number[];
  return titles === undefined ? new Array<number>(texts).fill(equal) : titleLengths(titles, texts);
}

/**
 * Reads the options all generation benches share. `--titles` is a CSV, `--lengths` a JSON array; otherwise all texts have
 * `--equal` tokens.
 */
export function readOptions(): GenerateBenchOptions {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: '124M' },
      titles: { type: 'string' },
      equal: { type: 'string' },
      texts: { type: 'string', default: '1000' },
      slots: { type: 'string' },
      capacity: { type: 'string' },
      threads: { type: 'string', default: '2' },
      precision: { type: 'string', default: 'float32' },
      rounds: { type: 'string', default: '3' },
      python: { type: 'string' },
      llama: { type: 'string' },
      tensorflow: { type: 'string' },
      lengths: { type: 'string' },
      profile: { type: 'string' },
      'peer-texts': { type: 'string', default: '256' },
      only: { type: 'string', default: '' },
    },
  });
  const configuration = configurations[values.model];
  if (!configuration) throw new Error(`--model takes ${Object.keys(configurations).join(', ')}`);
  const { precision } = values;
  if (precision !== 'float32' && precision !== 'int8') throw new Error('--precision takes float32, int8');
  const texts = Number(values.texts);
  const equal = Number(values.equal ?? 24);
  const lengths = readLengths(values, texts, equal);
  // A text has its start before its tokens, and the end that is drawn after them is not read.
  const needed = 1 + Math.max(...lengths);
  const capacity = Math.min(Number(values.capacity ?? needed), configuration.contextLength);
  return {
    model: values.model,
    configuration,
    slots:
      values.slots === undefined
        ? defaultSlots(configuration, capacity, lengths.length)
        : Number(values.slots),
    capacity,
    threads: Number(values.threads),
    precision,
    lengths,
    source: values.titles === undefined ? `${equal} tokens each` : 'lengths of real titles',
    rounds: Number(values.rounds),
    python: values.python,
    llama: values.llama,
    tensorflow: values.tensorflow,
    profile: values.profile,
    peerTexts: Number(values['peer-texts']),
    only: new RegExp(values.only),
  };
}
