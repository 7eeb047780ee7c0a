import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataset, writeDataset, writeSplitDataset } from '../../src/data/dataset-files.js';
import { splitTitles } from '../../src/data/title-split.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titlesmith-dataset-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function read(path: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const title of readDataset(path)) titles.push(title);
  return titles;
}

describe('dataset files', () => {
  it('hold a delimited title a line', async () => {
    await writeDataset(folder, { train: ['One title', 'Another'], validation: ['Held out'] });
    expect(await readFile(join(folder, 'train.txt'), 'utf8')).toBe(
      '<|startoftext|>One title<|endoftext|>\n<|startoftext|>Another<|endoftext|>\n',
    );
    expect(await readFile(join(folder, 'validation.txt'), 'utf8')).toBe(
      '<|startoftext|>Held out<|endoftext|>\n',
    );
  });

  it('give back what was written: delimiters in titles, many lines, all of Unicode', async () => {
    const odd = ['a<|endoftext|>b', '<|startoftext|>', '日本語 👋\u2028x', '\uFEFFx', ' spaced '];
    const titles = [...odd, ...Array.from({ length: 5000 }, (_, index) => `${'é👋'.repeat(9)} ${index}`)];
    await writeDataset(folder, { train: titles, validation: [] });
    expect(await read(join(folder, 'train.txt'))).toEqual(titles);
    expect(await read(join(folder, 'validation.txt'))).toEqual([]);
  });

  it('streamed are what they are when split and written whole', async () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const title = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(title, { maxLength: 20 }), share, async (titles, validationShare) => {
        const split = splitTitles(titles, { validationShare });
        await writeDataset(join(folder, 'whole'), split);
        const counts = await writeSplitDataset(
          join(folder, 'streamed'),
          async function* () {
            yield* titles;
          },
          { validationShare },
        );
        expect(counts).toEqual({ train: split.train.length, validation: split.validation.length });
        for (const name of ['train.txt', 'validation.txt']) {
          expect(await readFile(join(folder, 'streamed', name))).toEqual(
            await readFile(join(folder, 'whole', name)),
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('streamed leave nothing behind when the titles fail', async () => {
    const titles = async function* () {
      yield 'One title';
      yield 'two\nlines';
    };
    await expect(writeSplitDataset(folder, titles)).rejects.toMatchObject({ code: 'dataset-title' });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['two\nlines', 'two\rlines', '', 'é'.repeat(2 ** 14)])('refuse the title %j', async (title) => {
    const written = writeDataset(folder, { train: [title], validation: [] });
    await expect(written).rejects.toMatchObject({ code: 'dataset-title' });
    await expect(readFile(join(folder, 'train.txt'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['no delimiters', 'plain', ':2 is not a title between its delimiters: "plain"'],
    ['a missing end', '<|startoftext|>x', ':2 is not'],
    ['an empty line', '', ':2 is not'],
    ['an empty title', '<|startoftext|><|endoftext|>', ':2 is not'],
    ['Windows line ends', '<|startoftext|>x<|endoftext|>\r', ':2 is not'],
  ])('refuse %s', async (_, line, message) => {
    const path = join(folder, 'train.txt');
    await writeFile(path, `<|startoftext|>good<|endoftext|>\n${line}\n`);
    await expect(read(path)).rejects.toThrow(`${path}${message}`);
  });

  it('refuse bytes that are not UTF-8 and an endless line, with their line, and a missing file', async () => {
    const path = join(folder, 'train.txt');
    const good = '<|startoftext|>good<|endoftext|>\n';
    await writeFile(path, Buffer.concat([Buffer.from(good), Buffer.from([0x3c, 0xff, 0xfe])]));
    await expect(read(path)).rejects.toThrow(`${path}:2 is not UTF-8 text`);
    for (const ending of ['', '\n', `\n${good}`]) {
      await writeFile(path, `${good}${good}${'x'.repeat(2 ** 16)}${ending}`);
      await expect(read(path)).rejects.toThrow(`${path}:3 is longer than 32768 bytes`);
    }
    await expect(read(join(folder, 'none.txt'))).rejects.toThrow('no such file');
  });

  it('hold the longest title there may be', async () => {
    const title = 'x'.repeat(2 ** 15 - '<|startoftext|><|endoftext|>'.length);
    await writeDataset(folder, { train: [title], validation: [] });
    expect(await read(join(folder, 'train.txt'))).toEqual([title]);
    await expect(writeDataset(folder, { train: [`${title}x`], validation: [] })).rejects.toThrow(
      '32768 bytes',
    );
  });
});
