import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ItemList } from '../../src/review/review-messages.js';
import { runCli, startCli, temporaryFolder } from '../cli/run-cli.js';
import { post } from '../serve/serve-run.js';
import { formOf } from './form.js';
import { expectPromised } from './recorded.js';

const folder = temporaryFolder();
const run = join(folder, 'runs/fresh');
const read = (file: string): string => readFileSync(join(run, file), 'utf8');

/** A run of every stage, of the smallest model. */
const options = [
  '--source sample --subreddit askreddit showerthoughts --limit 24 --condition subreddit --canaries 4',
  '--model scratch --width 8 --layers 1 --heads 1 --context-length 64 --vocabulary-size 280 --device cpu',
  '--steps 60 --learning-rate 3e-2 --batch-size 1 --evaluate-every 30 --sample-every 30 --sample-num 2 --nsamples 12 --length 8',
].join(' ');

function* jsonLines(file: string): Generator<string> {
  for (const line of read(file).trim().split('\n')) yield* formOf(JSON.parse(line), file);
}

/** Names and fields of the files that others read. Those of report.json are in its schema. */
function* fileLines(): Generator<string> {
  const isPromised = (path: string): boolean =>
    !/^(tokens|samples|tensorboard|next|ready)\b|^report\.json/.test(path);
  for (const path of readdirSync(run, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  ))
    if (isPromised(path)) yield `${path} is there`;
  for (const file of ['titles.csv', 'dropped.csv', 'rejected.csv'])
    yield `${file}: ${read(file).split('\r\n', 1)[0]}`;
  for (const file of ['train', 'validation'])
    for (const line of read(`dataset/${file}.txt`).trim().split('\n'))
      yield `dataset/${file}.txt: ${line.replace(/^(<\|startoftext\|>)(?:r\/\w+(\t))?[^<]+/, '$1…$2…')}`;
  for (const file of ['generated.jsonl', 'metrics.jsonl', 'decisions.jsonl']) yield* jsonLines(file);
  for (const file of ['run.json', 'checkpoint/condition.json']) yield* formOf(JSON.parse(read(file)), file);
}

test('the files of a run have the names and fields that were promised', async () => {
  const made = await runCli(['pipeline', '--run-name', 'fresh', ...options.split(' ')], folder);
  expect([made.code, made.errors]).toEqual([0, expect.any(String)]);
  const review = startCli(['review', 'runs/fresh', '--json'], folder);
  let said = '';
  review.child.stdout.on('data', (chunk: string) => {
    said += chunk;
  });
  await review.outputMatches(/"url":"http[^"]+"/);
  const [, url] = /"url":"(http[^"]+)"/.exec(said)!;
  const { items } = (await (await fetch(`${url}items?show=open&limit=10`)).json()) as ItemList;
  for (const [at, decision] of ['refuse', 'seen'].entries()) {
    const body = { index: items[at]!.index, decision, seen: 0, window: 'test' };
    expect((await post(`${url}decisions`, body)).status).toBe(200);
  }
  review.child.kill('SIGTERM');
  await review.finished;
  expectPromised('run-files', fileLines());
});
