import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack as tarPack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportRun } from '../../src/archive/export-run.js';
import { importRun } from '../../src/archive/import-run.js';
import { collect } from '../../src/common/collect.js';
import type { TitlesmithError } from '../../src/common/errors.js';
import { silentContext } from '../../src/common/progress.js';
import { writeTar } from '../../src/io/tar.js';
import { parseModelName } from '../../src/model/weights/model-name.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { RunFolder } from '../../src/pipeline/run/run-folder.js';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const into = (runsDir: string, more: { runName?: string; overwrite?: boolean } = {}) => ({
  runsDir: at(runsDir),
  overwrite: false,
  ...more,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-archive-'));
  const run = await RunFolder.openOrCreate(at('runs'), 'aww', false, () => {});
  const call = { options: defaultOptions(), decisions: {} };
  await run.beginStage('extract', { status: 'running', startedAt: '', fingerprint: '' }, call);
  await run.close();
  mkdirSync(at('runs/aww/checkpoint'));
  writeFileSync(at('runs/aww/checkpoint/model.safetensors'), Buffer.alloc(3e6, 'weights'));
  writeFileSync(at('runs/aww/titles.csv'), 'title\r\nä "title"\r\n');
  writeFileSync(at('runs/aww/empty.txt'), '');
  writeFileSync(at('runs/aww/generated.jsonl.partial'), 'being written');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function files(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const plain = names.filter((name) => statSync(join(root, name)).isFile());
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(root, name)))
      .digest('hex');
  return Object.fromEntries(plain.map((name) => [name, hash(name)]));
}

const hasZstd = spawnSync('zstd', ['--version']).status === 0;

describe('an archive', () => {
  test.each(['tar.gz', 'tar.zst', 'tar'])('%s brings a run over, byte for byte', async (ending) => {
    if (ending === 'tar.zst' && !hasZstd) return;
    await exportRun(at('runs/aww'), at(`there.${ending}`), silentContext);
    const target = await importRun(at(`there.${ending}`), into(`back-${ending}`), silentContext);
    const { 'generated.jsonl.partial': partial, ...whole } = files(at('runs/aww'));
    expect(partial).toBeDefined();
    expect(files(target)).toEqual(whole);
    expect(readdirSync(at(`back-${ending}`))).toEqual(['aww']);
  });

  test('is what tar and sha256sum read, and the same for the same run', async () => {
    await exportRun(at('runs/aww'), `${at('folder')}/`, silentContext);
    await exportRun(at('runs/aww'), at('again.tar.gz'), silentContext);
    expect(readFileSync(at('again.tar.gz'))).toEqual(readFileSync(at('folder/aww.tar.gz')));
    expect(spawnSync('tar', ['-xzf', 'again.tar.gz'], { cwd: folder }).status).toBe(0);
    const checked = spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: at('aww'), encoding: 'utf8' });
    expect(checked.stdout).toContain('checkpoint/model.safetensors: OK');
    expect(checked.status).toBe(0);
  });

  test('that cannot read a file to its end throws that error, in the middle of the file too', async () => {
    const failure = new Error('gone');
    async function* content(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1000);
      throw failure;
    }
    const archive = writeTar([{ name: 'a', size: 2000, content: content() }]);
    await expect(collect(archive)).rejects.toBe(failure);
  });

  test('never takes the place of a run unasked; takes another name', async () => {
    await exportRun(at('runs/aww'), at('one.tar.gz'), silentContext);
    const again = importRun(at('one.tar.gz'), into('runs'), silentContext);
    await expect(again).rejects.toMatchObject({ code: 'import-occupied' });
    const target = await importRun(at('one.tar.gz'), into('runs', { runName: 'cute' }), silentContext);
    expect(JSON.parse(readFileSync(join(target, 'run.json'), 'utf8')).name).toBe('cute');
    writeFileSync(join(target, 'titles.csv'), 'changed');
    await importRun(at('one.tar.gz'), into('runs', { runName: 'cute', overwrite: true }), silentContext);
    expect(readFileSync(join(target, 'titles.csv'), 'utf8')).toContain('ä "title"');
    mkdirSync(at('runs/photos'));
    writeFileSync(at('runs/photos/cat.jpg'), '');
    const foreign = importRun(
      at('one.tar.gz'),
      into('runs', { runName: 'photos', overwrite: true }),
      silentContext,
    );
    await expect(foreign).rejects.toMatchObject({ code: 'import-occupied' });
    expect(readdirSync(at('runs')).sort()).toEqual(['aww', 'cute', 'photos']);
  });

  test('removes what an import that was killed has left, and nothing of one that is at work', async () => {
    const [gone, others] = [spawnSync('true').pid, process.ppid];
    const left = [gone, others].map((pid) => at(join('left', `.import-${hostname()}-${pid}`)));
    for (const path of left) mkdirSync(path, { recursive: true });
    await importRun(at('one.tar.gz'), into('left'), silentContext);
    expect(left.map((path) => existsSync(path))).toEqual([false, true]);
  });

  test('is not replaced unasked, and never lies in the run itself', async () => {
    writeFileSync(at('mine.tar.gz'), 'mine');
    const refused = exportRun(at('runs/aww'), at('mine.tar.gz'), silentContext);
    await expect(refused).rejects.toMatchObject({ code: 'export-occupied' });
    expect(readFileSync(at('mine.tar.gz'), 'utf8')).toBe('mine');
    const before = files(at('runs/aww'));
    symlinkSync(at('runs/aww'), at('link'));
    for (const place of ['runs/aww/a.tar.gz', 'runs/aww/new/a.tar', 'link/a.tar.gz', 'link'])
      await expect(exportRun(at('runs/aww'), at(place), silentContext)).rejects.toThrow(/lies in the run/);
    expect(files(at('runs/aww'))).toEqual(before);
    await exportRun(at('runs/aww'), at('mine.tar.gz'), silentContext, { overwrite: true });
    expect(readFileSync(at('mine.tar.gz')).length).toBeGreaterThan(1000);
  });

  test('is not unpacked into a run', async () => {
    await exportRun(at('runs/aww'), at('outside.tar'), silentContext);
    await expect(importRun(at('outside.tar'), into('runs/aww'), silentContext)).rejects.toThrow(
      /runs\/aww is a run, not a folder of runs/,
    );
    expect(existsSync(at('runs/aww/aww'))).toBe(false);
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 300), /damaged or cut short/],
    ['with a changed byte', (bytes: Buffer) => flip(bytes), /titles\.csv is damaged/],
    ['that is empty', () => Buffer.alloc(0), /refused: it is empty/],
    ['that is none', () => Buffer.from('This is a letter, not an archive.'.repeat(40)), /refused/],
  ])('%s leaves nothing behind', async (_name, change, message) => {
    await exportRun(at('runs/aww'), at('whole.tar.gz'), silentContext, { overwrite: true });
    writeFileSync(at('bad.tar.gz'), change(readFileSync(at('whole.tar.gz'))));
    await expect(importRun(at('bad.tar.gz'), into('bad'), silentContext)).rejects.toThrow(message);
    expect(existsSync(at('bad'))).toBe(false);
  });

  test('whose last file is missing is cut short, whatever its form', async () => {
    await exportRun(at('runs/aww'), at('plain.tar'), silentContext);
    const { size } = statSync(at('plain.tar'));
    truncateSync(at('plain.tar'), size - 2048 - 512);
    await expect(importRun(at('plain.tar'), into('bad'), silentContext)).rejects.toThrow(/cut short/);
  });

  test('is named itself, not by its folder', async () => {
    const line = /is a folder\. Name the archive in it\./;
    for (const place of [folder, `${at('nowhere')}/`]) {
      const imported = importRun(place, into('bad'), silentContext);
      await expect(imported.catch((error: TitlesmithError) => error.toLine())).resolves.toMatch(line);
    }
  });

  test('by a name that says no form is refused before any work', async () => {
    await expect(exportRun(at('runs/aww'), at('run.zip'), silentContext)).rejects.toThrow(
      /run\.zip does not say/,
    );
    expect(existsSync(at('run.zip'))).toBe(false);
  });
});

/** A gzip file with one letter of its content changed. */
function flip(bytes: Buffer): Buffer {
  const content = gunzipSync(bytes);
  content[content.indexOf('"title"') + 1]! ^= 1;
  return gzipSync(content);
}

describe('a hostile archive', () => {
  type Header = Parameters<ReturnType<typeof tarPack>['entry']>[0];
  async function archive(entries: readonly [Header, string?][]): Promise<string> {
    const tar = tarPack();
    for (const [header, content] of entries) tar.entry(header, content ?? '');
    tar.finalize();
    const parts: Buffer[] = [];
    for await (const part of tar) parts.push(part as Buffer);
    writeFileSync(at('hostile.tar'), Buffer.concat(parts));
    return at('hostile.tar');
  }

  /** An archive as export writes it, of any files. */
  function checked(files: Readonly<Record<string, string>>): Promise<string> {
    const hash = (content: string) => createHash('sha256').update(content).digest('hex');
    const sums = Object.entries(files).map(([name, content]) => `${hash(content)}  ${name}\n`);
    const entries = Object.entries(files).map(([name, content]): [Header, string] => [
      { name: `aww/${name}` },
      content,
    ]);
    return archive([...entries, [{ name: 'aww/SHA256SUMS' }, sums.join('')]]);
  }

  const manifest = (): string => readFileSync(at('runs/aww/run.json'), 'utf8');

  test.each([
    'run.lock',
    'run.lock.stale-1',
    'checkpoint/run.lock',
    'generated.jsonl.partial',
    'titles\u001b[2J.csv',
    'titles\n.csv',
  ])('with a file %j is refused, nothing written', async (name) => {
    const path = await checked({ 'run.json': manifest(), [name]: '{}' });
    await expect(importRun(path, into('victim'), silentContext)).rejects.toThrow(/was refused|refused/);
    expect(existsSync(at('victim'))).toBe(false);
  });

  test('brings no path that a later stage would read outside the run folder', async () => {
    const original = JSON.parse(manifest());
    const secret = at('secret.txt');
    const hostile = {
      ...original,
      options: {
        ...original.options,
        prefixFile: secret,
        restoreFrom: at('elsewhere'),
        input: [secret, '../../up.csv', 'C:\\Users\\me\\titles.csv'],
        model: at('model'),
      },
      decisions: { model: { choice: '../models/mine', reason: 'named with --model', hash: 'abc' } },
    };
    const path = await checked({ 'run.json': JSON.stringify(hostile) });
    const warnings: string[] = [];
    const onProgress = (event: { kind: string; message?: string }): void => {
      if (event.kind === 'warning') warnings.push(event.message ?? '');
    };
    const target = await importRun(path, into('safe'), { onProgress });
    const { options, decisions } = JSON.parse(readFileSync(join(target, 'run.json'), 'utf8'));
    expect(options).toEqual({
      ...hostile.options,
      prefixFile: null,
      restoreFrom: null,
      input: ['imported:secret.txt', 'imported:up.csv', 'imported:titles.csv'],
      model: 'imported:model',
    });
    expect(decisions.model).toEqual({ ...hostile.decisions.model, choice: 'imported:mine' });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(['prefixFile', 'restoreFrom', 'The']);
    expect(() => parseModelName('imported:model')).toThrow(
      'is no known model, no folder and no Hugging Face id',
    );
  });

  test.each(['auto', 'nano', '124M', 'gpt2', 'distil', 'openai-community/gpt2', 'owner/name@main'])(
    'keeps the model %s, which is no folder',
    async (model) => {
      const original = JSON.parse(manifest());
      const content = JSON.stringify({ ...original, options: { ...original.options, model } });
      const target = await importRun(
        await checked({ 'run.json': content }),
        into('kept', { overwrite: true }),
        {},
      );
      expect(readFileSync(join(target, 'run.json'), 'utf8')).toBe(content);
    },
  );

  test.each<[string, readonly [Header, string?][], RegExp]>([
    ['a path upwards', [[{ name: 'aww/../../evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['an absolute path', [[{ name: '/tmp/evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['a drive of Windows', [[{ name: 'aww/C:\\evil.txt' }, 'x']], /does not lie in the run's folder/],
    ['a symbolic link', [[{ name: 'aww/link', type: 'symlink', linkname: '/etc/passwd' }]], /is a symlink/],
    ['a hard link', [[{ name: 'aww/link', type: 'link', linkname: '/etc/passwd' }]], /is a link/],
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
    [
      'no checksums',
      [[{ name: 'aww/run.json' }, '{}']],
      /has no SHA256SUMS, so it is cut short, or no run of titlesmith/,
    ],
    [
      'a name that is no run',
      [
        [{ name: '.ssh/keys' }, 'x'],
        [{ name: '.ssh/SHA256SUMS' }, ''],
      ],
      /refused/,
    ],
  ])('with %s is refused, nothing written', async (_name, entries, message) => {
    const path = await archive(entries);
    await expect(importRun(path, into('victim'), silentContext)).rejects.toThrow(message);
    expect(existsSync(at('victim'))).toBe(false);
    expect(existsSync(at('evil.txt'))).toBe(false);
  });

  test('that unpacks to far more than its size is refused', async () => {
    const tar = tarPack();
    tar.entry({ name: 'aww/zeros' }, Buffer.alloc(2 ** 27));
    tar.finalize();
    const parts: Buffer[] = [];
    for await (const part of tar) parts.push(part as Buffer);
    writeFileSync(at('bomb.tar.gz'), gzipSync(Buffer.concat(parts)));
    await expect(importRun(at('bomb.tar.gz'), into('victim'), silentContext)).rejects.toThrow(/200 times/);
    expect(existsSync(at('victim'))).toBe(false);
  });
});
