import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { BrowserRuns } from '../../src/browser/browser-runs.js';
import { MemoryStore } from '../../src/browser/storage/memory-store.js';
import { collect } from '../../src/common/collect.js';

type Entry = readonly [Partial<Header> & { readonly name: string }, string?];

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content ?? '');
  tar.finalize();
  return Buffer.concat(await collect(tar as AsyncIterable<Buffer>));
}

const manifest = JSON.stringify({
  formatVersion: 1,
  titlesmithVersion: '1.0.0',
  name: 'aww',
  createdAt: '2026-01-01T00:00:00.000Z',
  machine: { node: 'v20', platform: 'linux', cores: 2 },
  options: { input: ['/home/me/titles.csv'], prefixFile: '/etc/passwd' },
  decisions: {},
  stages: {},
});

/** Entries as export writes them, with their checksums. */
function checked(files: Readonly<Record<string, string>>): Entry[] {
  const hash = (content: string) => createHash('sha256').update(content).digest('hex');
  const sums = Object.entries(files).map(([name, content]) => `${hash(content)}  ${name}\n`);
  const entries = Object.entries(files).map(([name, content]): Entry => [{ name: `aww/${name}` }, content]);
  return [...entries, [{ name: 'aww/SHA256SUMS' }, sums.join('')]];
}

const sound = () => archiveOf(checked({ 'run.json': manifest, 'titles.csv': 'title\r\nä\r\n' }));

const named = (name: string, bytes: Uint8Array) => ({ name, content: new Blob([Uint8Array.from(bytes)]) });

function emptyRuns(): { runs: BrowserRuns; store: MemoryStore } {
  const store = new MemoryStore();
  return { store, runs: new BrowserRuns(store, false, 'for a test') };
}

describe('an archive', () => {
  test.each(['gz', 'plain'])('%s becomes a run that names no file of another machine', async (form) => {
    const { runs, store } = emptyRuns();
    const bytes = await sound();
    const warnings: string[] = [];
    const run = await runs.import(
      form === 'gz' ? named('aww.tar.gz', gzipSync(bytes)) : named('aww.tar', bytes),
      undefined,
      { onProgress: (event) => event.kind === 'warning' && warnings.push(event.message) },
    );
    expect(run.manifest).toMatchObject({
      name: 'aww',
      options: { input: ['imported:titles.csv'], prefixFile: null },
    });
    expect(warnings).toHaveLength(1);
    expect((await store.list()).map(({ path }) => path)).toEqual(['aww/run.json', 'aww/titles.csv']);
    await run.close();
    expect((await runs.list()).map(({ name }) => name)).toEqual(['aww']);
  });

  test('takes another name, and never the place of a run', async () => {
    const { runs } = emptyRuns();
    const archive = named('aww.tar', await sound());
    await (await runs.import(archive)).close();
    await expect(runs.import(archive)).rejects.toThrow('There is a run aww already.');
    await expect(runs.import(archive, '../cute')).rejects.toMatchObject({ code: 'usage' });
    expect((await runs.import(archive, 'cute')).name).toBe('cute');
    expect((await runs.list()).map(({ name }) => name)).toEqual(['aww', 'cute']);
  });

  test('brings no swap that was not done, and no work that was cut short', async () => {
    const { runs, store } = emptyRuns();
    const swap = JSON.stringify({ stage: 'report', written: ['../evil'], manifest: {} });
    const files = { 'run.json': manifest, 'ready/swap.json': swap, 'next/finetune/checkpoint/a': 'x' };
    await runs.import(named('a.tar', await archiveOf(checked(files))));
    expect((await store.list()).map(({ path }) => path)).toEqual(['aww/run.json']);
  });

  test("what a killed import left is no run, and in nobody's way", async () => {
    const { runs, store } = emptyRuns();
    await store.write('aww/titles.csv', ['half of it']);
    await store.write('.unpacking/titles.csv', ['half of it']);
    expect(await runs.list()).toEqual([]);
    await runs.import(named('aww.tar', await sound()));
    expect((await store.list()).map(({ path }) => path)).toEqual(['aww/run.json', 'aww/titles.csv']);
  });
});

describe('what is refused leaves nothing', () => {
  const hostile: readonly (readonly [string, readonly Entry[], RegExp])[] = [
    ['a path upwards', [[{ name: 'aww/../../evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['an absolute path', [[{ name: '/tmp/evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['a drive of Windows', [[{ name: 'aww/C:\\evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['a symbolic link', [[{ name: 'aww/a', type: 'symlink', linkname: '/etc/passwd' }]], /is a symlink/],
    ['a hard link', [[{ name: 'aww/a', type: 'link', linkname: '/etc/passwd' }]], /is a link/],
    [
      'two folders',
      [
        [{ name: 'aww/a' }, 'x'],
        [{ name: 'pics/a' }, 'x'],
      ],
      /more than one folder/,
    ],
    [
      'one file twice',
      [
        [{ name: 'aww/a' }, 'x'],
        [{ name: 'aww/A' }, 'y'],
      ],
      /stands there twice/,
    ],
    ['a lock', checked({ 'run.json': manifest, 'run.lock': '{}' }), /is a lock or an unfinished file/],
    ['no checksums', [[{ name: 'aww/run.json' }, manifest]], /has no SHA256SUMS/],
    ['a damaged run.json', checked({ 'run.json': '{' }), /run\.json is damaged: it is not JSON/],
    ['no run.json', checked({ 'titles.csv': 'title\n' }), /holds no run\.json/],
    ['a name that is no run', [[{ name: '.ssh/run.json' }, manifest]], /refused/],
  ];
  test.each(hostile)('with %s', async (_, entries, message) => {
    const { runs, store } = emptyRuns();
    await expect(runs.import(named('bad.tar', await archiveOf(entries)))).rejects.toThrow(message);
    expect(await store.list()).toEqual([]);
  });

  test.each<[string, (bytes: Buffer) => Buffer | Promise<Buffer>, RegExp]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 30), /cut short|damaged/],
    ['with a changed letter', (bytes) => flip(bytes), /titles\.csv is damaged/],
    ['that is empty', () => Buffer.alloc(0), /is refused: it is empty/],
    [
      'that is none',
      () => Buffer.from('This is a letter, not an archive.'.repeat(40)),
      /a\.tgz is refused|a\.tgz/,
    ],
    ['that unpacks to far more', async () => gzipSync(await zeros()), /200 times/],
  ])('%s', async (_, change, message) => {
    const { runs, store } = emptyRuns();
    const bytes = await change(gzipSync(await sound()));
    await expect(runs.import(named('a.tgz', bytes))).rejects.toThrow(message);
    expect(await store.list()).toEqual([]);
  });

  test('by a wish to stop', async () => {
    const { runs, store } = emptyRuns();
    const stopped = runs.import(named('a.tar', await sound()), undefined, { signal: { aborted: true } });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(await store.list()).toEqual([]);
  });
});

/** A gzip file with one letter of a title changed. */
function flip(bytes: Buffer): Buffer {
  const content = gunzipSync(bytes);
  content[content.indexOf('title\r\n') + 1]! ^= 1;
  return gzipSync(content);
}

/** An archive of a file of 128 MiB, all zeros. */
async function zeros(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'aww/zeros' }, Buffer.alloc(2 ** 27));
  tar.finalize();
  return Buffer.concat(await collect(tar as AsyncIterable<Buffer>));
}
