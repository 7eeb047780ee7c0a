import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataset, splitTitles, writeDataset, writeSplitDataset } from '../../src/data/dataset.js';

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

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `A title, the ${index}th`);

describe('splitTitles', () => {
  it('holds out about the share asked for, in the order given', () => {
    const titles = numbered(5000);
    const { train, validation } = splitTitles(titles, { validationShare: 0.1 });
    expect(validation.length).toBeGreaterThan(400);
    expect(validation.length).toBeLessThan(600);
    const heldOut = new Set(validation);
    expect(train).toEqual(titles.filter((title) => !heldOut.has(title)));
    expect(validation).toEqual(titles.filter((title) => heldOut.has(title)));
  });

  it('leaves a title on its side when others come, go or move', () => {
    const titles = numbered(1000);
    const before = new Set(splitTitles(titles).validation);
    const after = new Set(
      splitTitles([...titles.slice(500), ...numbered(1500).slice(1000)].reverse()).validation,
    );
    for (const title of titles.slice(500)) expect(after.has(title)).toBe(before.has(title));
  });

  it('puts at least one of two different titles on each side, and every title on one', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 8 }), share, (titles, validationShare) => {
        const { train, validation } = splitTitles(titles, { validationShare });
        expect([...train, ...validation].toSorted()).toEqual(titles.toSorted());
        expect(train.filter((title) => validation.includes(title))).toEqual([]);
        if (new Set(titles).size < 2) return;
        expect(train.length).toBeGreaterThan(0);
        expect(validation.length).toBeGreaterThan(0);
      }),
    );
  });

  it('refuses a share that leaves one side empty', () => {
    expect(() => splitTitles(['a', 'b'], { validationShare: 1 })).toThrow('validationShare 1');
  });
});

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
