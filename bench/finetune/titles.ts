import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { cleanTitle } from '../../src/data/cleaning/clean-titles.js';
import { splitTitles } from '../../src/data/title-split.js';
import { packageRoot } from '../../src/io/package-root.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { BatchStream } from '../../src/model/training/batches.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { configurations } from '../shared/configurations.js';
import { type Contestant, compare } from './contestants.js';
import { recordBatches } from './recorded-batches.js';

/**
 * Titles learned per second on a CSV of titles: titlesmith's packed batches, the same batches in PyTorch, padded batches
 * as they are mostly written in PyTorch, and gpt-2-simple's recipe (windows of 1,024 tokens, delimiters as text).
 *
 *     npm run bench -- finetune/titles --input titles.csv --model 124M --python PYTHON --tensorflow PYTHON
 */
const { values } = parseArgs({
  options: {
    input: { type: 'string' },
    model: { type: 'string', default: '124M' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    tensorflow: { type: 'string' },
  },
});
const { input, model, python, tensorflow } = values;
if (input === undefined || !configurations[model])
  throw new Error('--input CSV and a known --model are needed');
const [warmUp, rows] = [2, 16];
const records = parse(readFileSync(input), { columns: true }) as { title: string }[];
const titles = records.flatMap(({ title }) => {
  const cleaned = cleanTitle(title);
  return 'title' in cleaned ? [cleaned.title] : [];
});
const { train } = splitTitles(titles);
const tokenizer = model === 'nano' ? restrictedTokenizer(titles) : gpt2Tokenizer();
const { vocabularySize, endOfTextId } = tokenizer;
const configuration: TransformerConfiguration = { ...configurations[model], vocabularySize };
const tokenized = tokenizeTitles(train, tokenizer, { maximumTokens: configuration.contextLength - 1 }).titles;
const lengths = Array.from(
  tokenized.offsets.subarray(1),
  (end, title) => end - tokenized.offsets[title]! + 1,
);
const rowLength = Math.max(64, Math.ceil(Math.max(...lengths) / 16) * 16);
const stream = new BatchStream(tokenized, { batchSize: rows, rowLength, endOfTextId, seed: 1 });
const count = warmUp + Number(values.steps);
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-'));
const batches = Array.from({ length: count }, (_, step) => stream.batch(step));
recordBatches(folder, batches, { rows, rowLength, vocabularySize });
const perStep = Math.round(batches.reduce((sum, { titleCount }) => sum + titleCount, 0) / count);
const padded = Array.from({ length: count }, (_, step) =>
  Array.from({ length: perStep }, (__, position) => [
    endOfTextId,
    ...tokenized.tokensOf((step * perStep + position) % lengths.length),
    endOfTextId,
  ]),
);
writeFileSync(join(folder, 'padded.json'), JSON.stringify(padded));

const sizes = [
  '--rows',
  rows,
  '--row-length',
  rowLength,
  '--steps',
  values.steps,
  '--threads',
  values.threads,
];
const shared = [...sizes, '--vocabulary', vocabularySize].map(String);
const stepScript = fileURLToPath(new URL('./step.js', import.meta.url));
const contestants: Contestant[] = [
  {
    command: process.execPath,
    arguments: [stepScript, '--model', model, ...shared, '--batches', folder],
    environment: {},
    note: `packed rows of ${rowLength}`,
  },
];
if (python !== undefined) {
  const { width, layers, heads, contextLength: context } = configuration;
  const size = Object.entries({ width, layers, heads, context }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const script = join(packageRoot, 'bench/peers/pytorch_step.py');
  const peer = (option: string, note: string, environment: Record<string, string> = {}): Contestant => ({
    command: python,
    arguments: [script, ...size, ...shared, option, folder],
    environment,
    note,
  });
  contestants.push(
    peer('--batches', 'the same batches'),
    peer('--batches', 'the same batches, OMP_WAIT_POLICY=passive', { OMP_WAIT_POLICY: 'passive' }),
    peer('--padded', `${perStep} titles a step, padded`),
  );
}
if (tensorflow !== undefined) {
  const script = join(packageRoot, 'bench/peers/gpt2_simple_step.py');
  for (const [name, content] of tokenizer.files()) writeFileSync(join(folder, name), content);
  const own = [
    '--steps',
    values.steps,
    '--threads',
    values.threads,
    '--titles',
    input,
    '--tokenizer',
    folder,
  ];
  contestants.push({ command: tensorflow, arguments: [script, ...own], environment: {}, note: 'its recipe' });
}
compare(
  `${model} (${vocabularySize} tokens) on ${basename(input)}, ${values.threads} threads`,
  contestants,
  Number(values.rounds),
  'titlesPerSecond',
);
