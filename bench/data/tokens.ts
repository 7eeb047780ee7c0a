import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/common/random.js';
import { readDataset, writeSplitDataset } from '../../src/data/dataset-files.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { BatchStream } from '../../src/model/training/batches.js';
import { TokenFile, writeTokens } from '../../src/pipeline/stages/token-file.js';

const syllables = ['ba', 'ne', 'ri', 'to', 'lu', 'ma', 'ske', 'dor', 'ith', 'on'];

/** Made-up titles of about 60 characters, the same each time. */
async function* madeUpTitles(count: number): AsyncGenerator<string> {
  const { integer } = createRandom(1, 'titles');
  const word = (): string => Array.from({ length: 1 + integer(3) }, () => syllables[integer(10)]).join('');
  for (let title = 0; title < count; title += 1) {
    yield `${Array.from({ length: 10 }, word).join(' ')} ${title}`;
  }
}

/** Splits, writes and tokenizes a dataset, and makes batches of it, each stage in a process of its own. */
async function stage(name: string, folder: string, count: number): Promise<void> {
  const tokenizer = gpt2Tokenizer();
  const [text, tokens] = [join(folder, 'train.txt'), join(folder, 'train.bin')];
  if (name === 'nothing') return;
  if (name === 'dataset') await writeSplitDataset(folder, () => madeUpTitles(count));
  else if (name === 'tokens') await writeTokens(tokens, readDataset(text), tokenizer, { maximumTokens: 63 });
  else {
    const { endOfTextId } = tokenizer;
    const titles = TokenFile.open(tokens, tokenizer);
    const stream = new BatchStream(titles, { batchSize: 16, rowLength: 64, seed: 1, endOfTextId });
    for (let step = 0; step < 1000; step += 1) stream.batch(step);
    titles.close();
  }
}

/** Time and peak memory from titles to batches: `npm run bench -- data/tokens [--titles 200000 --titles 2000000]`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      titles: { type: 'string', multiple: true, default: ['200000', '2000000'] },
      stage: { type: 'string' },
      folder: { type: 'string', default: '' },
    },
  });
  if (values.stage !== undefined) {
    const started = performance.now();
    await stage(values.stage, values.folder, Number(values.titles[0]));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${seconds} | ${Math.round(process.resourceUsage().maxRSS / 1000)}`);
    return;
  }
  console.log('| titles | stage | seconds | peak MB |\n| --- | --- | --- | --- |');
  for (const titles of values.titles) {
    const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-'));
    for (const name of ['nothing', 'dataset', 'tokens', '1,000 batches']) {
      const self = [
        process.argv[1] ?? '',
        'data/tokens',
        '--stage',
        name,
        '--titles',
        titles,
        '--folder',
        folder,
      ];
      const figures = execFileSync(process.execPath, self, { encoding: 'utf8' }).trim();
      console.log(`| ${titles} | ${name} | ${figures} |`);
    }
    console.log(`| ${titles} | train.txt, train.bin | | ${sizes(folder)} |`);
    rmSync(folder, { recursive: true });
  }
}

function sizes(folder: string): string {
  return ['train.txt', 'train.bin']
    .map((name) => (statSync(join(folder, name)).size / 1e6).toFixed(0))
    .join(', ');
}

await main();
