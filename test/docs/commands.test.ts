import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeStorage, findFakeStorage, startFakeStorage } from '../archive/fake-storage.js';
import { temporaryFolder } from '../cli/run-cli.js';
import { madeUpTitles } from '../cli/titles.js';
import { type Emulator, findEmulator, startEmulator } from '../data/sources/emulator.js';
import { LocalHub } from '../model/weights/hub/local-hub.js';
import { findProgram, freePort } from '../programs.js';
import { commands, fenced, type PageCommand, pages, readPage } from './pages.js';
import { type Need, ofHere, type Plan, planOf, sentenceModelFolder, whyNotRun } from './plan.js';
import { copyClone, makeClone, type } from './reader.js';

/** Pages at a time. */
const lanes = 2;

const folder = temporaryFolder();
const clone = join(folder, 'clone');
const python = process.env['TITLESMITH_ORACLE_PYTHON'];
const [emulatorProgram, storageProgram] = [findEmulator(), findFakeStorage()];
const missing = new Set<Need>([
  ...(emulatorProgram === undefined ? (['the BigQuery emulator'] as const) : []),
  ...(storageProgram === undefined ? (['fake-gcs-server'] as const) : []),
  ...(python === undefined ? (['PyTorch'] as const) : []),
  ...(existsSync('/usr/bin/time') ? [] : (['GNU time'] as const)),
  ...(findProgram('zstd', 'ZSTD') === undefined ? (['zstd'] as const) : []),
  ...(existsSync(sentenceModelFolder) ? [] : (['the sentence model'] as const)),
]);

/** Trains on the bundled sample; what it leaves, other commands go on with. */
const firstCommand = commands.find(({ text }) => /npm run -s pipeline -- --subreddit askreddit$/.test(text))!;

/** The batch file of docs/batch.md, for now instead of Mondays, nobody to be told, and made small. */
function smallBatchFile(): string {
  const [shown = ''] = fenced(readPage('docs/batch.md'), 'yaml');
  const small = ['steps: 3', 'batch-size: 2', 'sample-every: 0', 'threads: 1', 'nsamples: 8', 'length: 8'];
  return shown
    .replace(/^(schedule|notify): .*\n/gm, '')
    .replace(/^options:\n/m, `options:\n${small.map((line) => `  ${line}\n`).join('')}`);
}

let hubs: Record<'gpt2' | 'gpt2-medium', LocalHub> | undefined;
let emulator: Emulator | undefined;
let storage: FakeStorage | undefined;
/** What went wrong, by page. */
const faults = new Map<string, unknown>();

/** Google's services and the hub, as far as a command names them, are those of this machine. */
async function servicesFor(text: string): Promise<NodeJS.ProcessEnv> {
  return {
    HF_ENDPOINT: hubs?.[text.includes('355M') ? 'gpt2-medium' : 'gpt2'].endpoint,
    PORT: String(await freePort()),
    ...(text.includes('--source bigquery') ? { BIGQUERY_EMULATOR_HOST: emulator?.address } : {}),
    ...(text.includes('gs://') ? { STORAGE_EMULATOR_HOST: storage?.address } : {}),
  };
}

async function carryOut({ text, place }: PageCommand, plan: Plan, where: string): Promise<void> {
  const lacking = plan.needs?.filter((need) => missing.has(need)) ?? [];
  if (lacking.length > 0) return console.log(`Skipped: ${place}, without ${lacking.join(', ')}.`);
  if (plan.elsewhere) rmSync(join(where, 'runs'), { recursive: true });
  // Peers that a bench can do without are left out: they would take longer than all else.
  const peer = plan.needs?.includes('PyTorch') ? python : undefined;
  const line = `${ofHere(text, peer)} ${plan.smaller ?? ''}`.trim();
  const done = await type(line, where, await servicesFor(text), plan.serves === true);
  // npm itself ends by the signal that it was sent. It passes it on, which on a busy machine comes as late as a second Ctrl-C.
  const codes = plan.serves ? [0, null, 130] : [plan.exitCode ?? 0];
  const context = `${place}: ${line}\n${done.output}\n${done.errors}`;
  expect(codes, context).toContain(done.code);
  expect(done.output, context).toMatch(plan.says);
  for (const file of plan.leaves ?? [])
    expect(existsSync(join(where, file)), `${file}\n${context}`).toBe(true);
}

async function followPage(page: string): Promise<void> {
  const where = join(folder, page.replace(/\W/g, '-'));
  const own = commands.filter((command) => command.page === page && command !== firstCommand);
  if (own.some(planOf)) copyClone(clone, where);
  for (const command of own) {
    const plan = planOf(command);
    if (plan) await carryOut(command, plan, where);
  }
  // Each page leaves runs with their checkpoints: all of them at once are more than some machines have room for.
  rmSync(where, { recursive: true, force: true });
}

async function loadPosts({ load }: Emulator): Promise<void> {
  const posts = madeUpTitles(60).map((title, index) => {
    const created_utc = Date.UTC(2019, index % 3, 9) / 1000;
    return { title, subreddit: 'AskReddit', score: index, created_utc, id: `p${index}` };
  });
  await load(posts);
}

beforeAll(async () => {
  if (storageProgram) storage = await startFakeStorage(storageProgram, 'my-bucket');
  if (emulatorProgram) emulator = await startEmulator(emulatorProgram);
  if (emulator) await loadPosts(emulator);
  await makeClone(clone, smallBatchFile());
  await carryOut(firstCommand, planOf(firstCommand)!, clone);
  // What it trained stands for the models of the hub, for want of theirs.
  const serve = (name: string): Promise<LocalHub> =>
    LocalHub.start(join(clone, 'runs/askreddit/checkpoint'), `openai-community/${name}`);
  hubs = { gpt2: await serve('gpt2'), 'gpt2-medium': await serve('gpt2-medium') };
  const waiting = [...pages];
  const follow = async (): Promise<void> => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift())
      await followPage(page).catch((error: unknown) => faults.set(page!, error));
  };
  await Promise.all(Array.from({ length: lanes }, follow));
});
afterAll(async () => {
  emulator?.stop();
  storage?.stop();
  for (const hub of Object.values(hubs ?? {})) await hub.stop();
});

describe('the commands of the pages', () => {
  test.each(pages)('%s: all of them work, in order', (page) => {
    if (faults.has(page)) throw faults.get(page);
  });

  test.each(commands.filter((command) => whyNotRun(command)?.read))(
    '$place is understood by its program',
    (command) => {
      const line = whyNotRun(command)!.read!(command.text);
      const { stderr, error } = spawnSync('bash', ['-c', line], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: folder },
      });
      if (error || /command not found/.test(stderr))
        return console.log(`Skipped: ${command.place}: ${stderr}`);
      expect(stderr).toMatch(/(?:unknown flag|unrecognized arguments): --no-such-flag/);
    },
  );
});
