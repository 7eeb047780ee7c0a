import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { availableZstdDecoders } from '../../src/io/compression/zstd.js';
import { holdsZstdBlocks, readZstdBlocks } from '../../src/io/compression/zstd-blocks.js';
import { failureLine, temporaryFolder, write } from '../data/sources/helpers.js';
import { block, rawFrame, rowTable } from './zstd-block-files.js';

const folder = temporaryFolder();
let serial = 0;
const file = (content: Uint8Array, name = 'zst_blocks'): string => {
  serial += 1;
  return write(folder, `${serial}.${name}`, content);
};
const rowsOf = async (
  path: string,
  decoder?: 'libzstd' | 'program' | 'node' | 'fzstd',
): Promise<string[]> => {
  const texts: string[] = [];
  for await (const { bytes, rows } of readZstdBlocks(path, decoder)) {
    texts.push(...rows.map(([start, end]) => bytes.toString('utf8', start, end)));
  }
  return texts;
};
const two = Buffer.concat([block(['{"a":1}', 'Größe']), block(['', 'the last'])]);

describe('files of blocks', () => {
  test('give their rows in order, by everyone who can', async () => {
    for (const decoder of await availableZstdDecoders()) {
      expect(await rowsOf(file(two), decoder)).toEqual(['{"a":1}', 'Größe', '', 'the last']);
    }
    expect(await rowsOf(file(two))).toHaveLength(4);
    expect(await rowsOf(file(new Uint8Array()))).toEqual([]);
    expect(await rowsOf(file(block([])))).toEqual([]);
  });

  test('rows may lie in any order, with gaps between', async () => {
    const content = Buffer.concat([
      rowTable([
        [5, 3],
        [0, 2],
      ]),
      Buffer.from('ab...cde'),
    ]);
    expect(await rowsOf(file(block(content)))).toEqual(['cde', 'ab']);
  });

  test.skipIf(spawnSync('zstd', ['--version']).status !== 0)(
    'compressed, also without their length',
    async () => {
      const rows = Array.from({ length: 5000 }, (_, index) => `{"title":"Title number ${index}"}`);
      for (const flags of [[], ['--no-check', '-19']]) {
        const compress = (content: Uint8Array): Buffer =>
          spawnSync('zstd', ['-qc', ...flags], { input: content, maxBuffer: 2 ** 26 }).stdout;
        for (const decoder of await availableZstdDecoders()) {
          expect(await rowsOf(file(block(rows, compress)), decoder)).toEqual(rows);
        }
      }
    },
  );

  test('are told by their content', async () => {
    expect(await holdsZstdBlocks(file(two, 'zst'))).toBe(true);
    expect(await holdsZstdBlocks(file(rawFrame(Buffer.from('x'))))).toBe(false);
    expect(await holdsZstdBlocks(file(Buffer.from('{"title":"plain"}\n'), 'ndjson'))).toBe(false);
    const plain = file(Buffer.from('{"title":"plain"}\n'));
    expect(await failureLine(() => holdsZstdBlocks(plain))).toMatch(/it is not a zst_blocks file/);
    expect(await failureLine(() => holdsZstdBlocks(file(two.subarray(0, 6))))).toMatch(/it is cut short/);
  });
});

describe('one line for', () => {
  const first = block(['a row']);
  const withRows = (...entries: (readonly [number, number])[]): Buffer =>
    block(Buffer.concat([rowTable(entries), Buffer.from('abc')]));
  const broken = Buffer.from(two);
  broken.fill(0xff, 4, 9);
  test.each<[string, Uint8Array, RegExp]>([
    ['a length cut short', Buffer.concat([first, first.subarray(0, 3)]), /it is cut short in block 2\./],
    ['a frame cut short', two.subarray(0, two.length - 1), /it is cut short in block 2\./],
    [
      'a length beyond the file',
      Buffer.concat([first, Buffer.alloc(9, 0xff)]),
      /it is cut short in block 2\./,
    ],
    ['zeros behind', Buffer.concat([first, Buffer.alloc(64)]), /block 2, at byte \d+, is damaged/],
    ['a damaged frame', broken, /block 1, at byte 0, is damaged \(.+\)/],
    [
      'a table beyond the block',
      block(Buffer.from([255, 0, 0, 0])),
      /its table of rows is longer than it is/,
    ],
    ['no table', block(Buffer.from([1, 0])), /its table of rows is longer than it is/],
    ['a row beyond the block', withRows([0, 3], [1, 3]), /row 2 lies outside of it/],
  ])('%s', async (_name, content, pattern) => {
    for (const decoder of await availableZstdDecoders()) {
      const line = await failureLine(() => rowsOf(file(content), decoder));
      expect(line).toMatch(pattern);
      expect(line).toMatch(/^Cannot read .*\.zst_blocks: .*Download or copy it anew\.$/);
    }
  });
});
