import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AtomicFile,
  hashFile,
  writeAtomically,
  writeChunksAtomic,
  writeFileAtomic,
} from '../../src/io/atomic-file.js';
import { isTemporaryName, temporaryName } from '../../src/io/byte-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-atomic-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

describe('AtomicFile', () => {
  test('has no name before it is complete', async () => {
    const file = await AtomicFile.create(at('deep/er/titles.csv'));
    await file.write('title\r\n');
    expect(readdirSync(at('deep/er'))).toEqual(['titles.csv.partial']);
    await file.commit();
    expect(readdirSync(at('deep/er'))).toEqual(['titles.csv']);
    expect(readFileSync(file.path, 'utf8')).toBe('title\r\n');
  });

  test('leaves what was there before until then, and for good where it is given up', async () => {
    writeFileSync(at('a'), 'before');
    const file = await AtomicFile.create(at('a'));
    await file.write('after');
    expect(readFileSync(at('a'), 'utf8')).toBe('before');
    await file.abort();
    await file.abort();
    expect(readdirSync(folder)).toEqual(['a']);
    expect(readFileSync(at('a'), 'utf8')).toBe('before');
  });

  test('writes chunks of any size in order, text as UTF-8', async () => {
    const sizes = [0, 1, 65_535, 2, 65_536, 65_537, 3, 200_000, 10];
    const chunks = sizes.map((size, index) =>
      index % 2 === 0 ? 'é'.repeat(size / 2) : new Uint8Array(size).fill(65 + index),
    );
    await writeChunksAtomic(at('a'), chunks);
    expect(
      readFileSync(at('a')).equals(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as string)))),
    ).toBe(true);
  });

  test('takes a copy of bytes that are used again', async () => {
    const bytes = new Uint8Array(4);
    await writeAtomically([at('a')], async ([file]) => {
      for (let value = 1; value <= 3; value++) await file.write(bytes.fill(value));
    });
    expect([...readFileSync(at('a'))]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  });

  test('gathers short lines into few calls to the system', async () => {
    const probe = await open(at('probe'), 'w');
    const appendFile = vi.spyOn(Object.getPrototypeOf(probe), 'appendFile');
    await probe.close();
    await writeChunksAtomic(
      at('a'),
      Array.from({ length: 10_000 }, (_, index) => `${String(index).padStart(19)}\n`),
    );
    expect(readFileSync(at('a'), 'utf8').split('\n')).toHaveLength(10_001);
    expect(appendFile.mock.calls.length).toBeLessThanOrEqual(4);
  });

  test('names the path when it cannot be written', async () => {
    writeFileSync(at('file'), '');
    await expect(writeFileAtomic(at('file/a'), '')).rejects.toMatchObject({
      code: expect.stringMatching(/^file-/),
    });
    await expect(writeFileAtomic(folder, '')).rejects.toThrow(`Cannot write ${folder}`);
    expect(existsSync(temporaryName(folder))).toBe(false);
  });

  test.runIf(existsSync('/dev/full'))('leaves nothing behind on a full disk', async () => {
    const file = await AtomicFile.create(at('a'));
    const full = await open('/dev/full', 'w');
    await (file as unknown as { handle: { close(): Promise<void> } }).handle.close();
    Object.assign(file, { handle: full });
    await file.write('a');
    await expect(file.commit()).rejects.toThrow(`Cannot write ${at('a')}: no space left on the device.`);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('writeAtomically', () => {
  test('gives what the work returns; all files appear', async () => {
    const count = await writeAtomically([at('a'), at('b')], async ([a, b]) => {
      await a.write('1');
      await b.write('2');
      return 2;
    });
    expect(count).toBe(2);
    expect([readFileSync(at('a'), 'utf8'), readFileSync(at('b'), 'utf8')]).toEqual(['1', '2']);
  });

  test('leaves nothing where the work fails', async () => {
    const work = writeAtomically([at('a'), at('b')], async ([a]) => {
      await a.write('x'.repeat(1e6));
      throw new Error('stop');
    });
    await expect(work).rejects.toThrow('stop');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves nothing of the first where the second cannot be made', async () => {
    writeFileSync(at('file'), '');
    await expect(writeAtomically([at('a'), at('file/b')], async () => {})).rejects.toThrow(
      'Cannot create the folder',
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

test('a temporary name is known as one', () => {
  expect(isTemporaryName(temporaryName('a/titles.csv'))).toBe(true);
  expect(isTemporaryName('a/titles.csv')).toBe(false);
});

test('a file is hashed as a stream', async () => {
  await writeFileAtomic(at('a'), 'abc');
  expect(await hashFile(at('a'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  await expect(hashFile(at('missing'))).rejects.toThrow('no such file');
});
