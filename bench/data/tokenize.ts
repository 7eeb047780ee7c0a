import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect } from '../../src/common/collect.js';
import { readTitles } from '../../src/data/titles-file.js';
import { packageRoot } from '../../src/io/package-root.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { gpt2Tokens } from '../../src/model/tokenizer/gpt2-tokens.js';

/** tiktoken's file of ranks, as its own cannot be had offline: base64 of a token and its rank, one a line. */
function ranksFile(folder: string): string {
  const path = join(folder, 'gpt2.tiktoken');
  const lines = gpt2Tokens.map((token, rank) => `${Buffer.from(token, 'latin1').toString('base64')} ${rank}`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** CPU seconds of a piece of work. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * Tokens a second of CPU time, one thread, ours and tiktoken's: `npm run bench -- data/tokenize titles.csv --python
 * python3`; without --python only ours. The first round of ours includes compilation and an empty cache of words.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { python: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  });
  const [file] = positionals;
  if (file === undefined) throw new Error('Name a CSV of titles.');
  const titles = await collect(readTitles(file));
  const tokenizer = gpt2Tokenizer();
  console.log('| way | tokens | million tokens a second of CPU, each round |\n| --- | --- | --- |');
  let tokens = 0;
  const rates: string[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    tokens = 0;
    const seconds = cpuSeconds(() => {
      for (const title of titles) tokens += tokenizer.encode(title).length;
    });
    rates.push((tokens / seconds / 1e6).toFixed(2));
  }
  console.log(`| titlesmith | ${tokens} | ${rates.join(', ')} |`);
  if (values.python === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-'));
  const peer = [join(packageRoot, 'bench/peers/tiktoken_rate.py'), ranksFile(folder), file, values.rounds];
  process.stdout.write(execFileSync(values.python, peer, { encoding: 'utf8' }));
  rmSync(folder, { recursive: true });
}

await main();
