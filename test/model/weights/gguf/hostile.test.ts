import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../../src/io/package-root.js';
import { locateModel, openModel } from '../../../../src/model/weights/resolve-model.js';
import { temporaryFolder } from '../../transformer/fixtures.js';

const folder = temporaryFolder();

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, bytes);
  return path;
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const pair = (key: string, kind: number, value: Buffer): Buffer =>
  Buffer.concat([text(key), u32(kind), value]);
const word = (key: string, value: string): Buffer => pair(key, 8, text(value));
const tensor = (name: string, sizes: readonly (number | bigint)[], type: number, offset: number | bigint) =>
  Buffer.concat([text(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)]);

interface Parts {
  readonly version?: number;
  readonly metadata?: readonly Buffer[];
  readonly tensors?: readonly Buffer[];
  readonly counts?: readonly [tensors: number | bigint, metadata: number | bigint];
}

/** A file of 256 bytes of data, true or not. */
function bytesOf({ version = 3, metadata = [], tensors = [], counts }: Parts): Buffer {
  const [tensorCount, metadataCount] = counts ?? [tensors.length, metadata.length];
  const head = [
    Buffer.from('GGUF'),
    u32(version),
    u64(tensorCount),
    u64(metadataCount),
    ...metadata,
    ...tensors,
  ];
  const bytes = Buffer.concat(head);
  return Buffer.concat([bytes, Buffer.alloc(Math.ceil(bytes.length / 32) * 32 - bytes.length + 256)]);
}

const huge = 2n ** 63n;
const array = (element: number, length: number | bigint, ...rest: Buffer[]): Buffer =>
  pair('a', 9, Buffer.concat([u32(element), u64(length), ...rest]));

describe('a damaged or hostile GGUF file is refused in one line', () => {
  test.each<[string, Parts]>([
    ['GGUF version 1 is not read', { version: 1 }],
    ['a big-endian GGUF', { version: 0x3000000 }],
    ['the number of tensors, 100, is more than the file holds', { counts: [100, 0] }],
    ['the number of tensors has a number of', { counts: [huge, 0] }],
    ['the number of metadata has a number of', { counts: [0, huge] }],
    ['metadata "a" is there twice', { metadata: [word('a', ''), word('a', '')] }],
    ['metadata "a" has the unknown type 13', { metadata: [pair('a', 13, u32(0))] }],
    ['the length of metadata "a" has a number of', { metadata: [pair('a', 8, u64(huge))] }],
    ['the length of metadata "a", 9999, is more', { metadata: [pair('a', 8, u64(9999))] }],
    ['metadata "a" is not UTF-8', { metadata: [pair('a', 8, Buffer.concat([u64(1), Buffer.of(0xff)]))] }],
    ['the length of metadata "a", 1000, is more', { metadata: [array(10, 1000)] }],
    ['the length of metadata "a", 1000, is more', { metadata: [array(99, 1000)] }],
    [
      'has arrays too deep in arrays',
      { metadata: [array(9, 1, ...Array.from({ length: 9 }, () => Buffer.concat([u32(9), u64(1)])))] },
    ],
    ['tensor t has 0 dimensions', { tensors: [tensor('t', [], 0, 0)] }],
    ['tensor t has 5 dimensions', { tensors: [tensor('t', [1, 1, 1, 1, 1], 0, 0)] }],
    ['tensor t has a number of', { tensors: [tensor('t', [huge], 0, 0)] }],
    ['which does not fit the file', { tensors: [tensor('t', [2 ** 40, 2 ** 40], 0, 0)] }],
    ['which does not fit the file', { tensors: [tensor('t', [4, 0], 0, 0)] }],
    ['tensor t has type Q6_K, read are F32, F16', { tensors: [tensor('t', [256], 14, 0)] }],
    ['tensor t has type the unknown type 4000', { tensors: [tensor('t', [32], 4000, 0)] }],
    ['rows of 16, Q8_0 needs a multiple of 32', { tensors: [tensor('t', [16, 2], 8, 0)] }],
    ['tensor t is there twice', { tensors: [tensor('t', [8], 0, 0), tensor('t', [8], 0, 32)] }],
    [
      'tensor u overlaps the tensor before it',
      { tensors: [tensor('t', [9], 0, 0), tensor('u', [8], 0, 32)] },
    ],
    ['tensor t begins at 8, no multiple of 32', { tensors: [tensor('t', [8], 0, 8)] }],
    ['tensor t ends 32 bytes behind the file', { tensors: [tensor('t', [8], 0, 256)] }],
    ['general.alignment is no multiple of 8', { metadata: [pair('general.alignment', 4, u32(7))] }],
    ['general.alignment is no multiple of 8', { metadata: [word('general.alignment', '32')] }],
    ['of the architecture mamba are not supported', { metadata: [word('general.architecture', 'mamba')] }],
    ['of the architecture undefined are not', {}],
    ['tensor token_embd.weight is missing', { metadata: [word('general.architecture', 'llama')] }],
  ])('%s', async (message, parts) => {
    await expect(openModel(fileOf(bytesOf(parts)))).rejects.toThrow(message);
  });

  test('that is cut short, at every length', async () => {
    const whole = readFileSync(join(packageRoot, 'test/oracles/gguf/gpt2.gguf'));
    for (let length = 0; length < whole.length; length += 997) {
      const opening = openModel(fileOf(whole.subarray(0, length)));
      await expect(opening, String(length)).rejects.toMatchObject({ code: 'checkpoint-damaged' });
    }
  });

  test('that is none, or is not there', async () => {
    await expect(openModel(fileOf(Buffer.alloc(64)))).rejects.toThrow('model.gguf: not a GGUF file');
    await expect(locateModel('models/nothing.gguf')).rejects.toThrow(
      'There is no file "models/nothing.gguf"',
    );
  });
});

describe('a GGUF file of another kind is refused by name', () => {
  const whole = readFileSync(join(packageRoot, 'test/oracles/gguf/llama.gguf'));
  /** The file with one text in it replaced by another of the same length. */
  const replaced = (from: string, to: string): string => {
    const at = whole.indexOf(from);
    expect(at).toBeGreaterThan(0);
    const bytes = Buffer.from(whole);
    bytes.write(to, at);
    return fileOf(bytes);
  };

  test.each([
    ['smollm', 'deepse', 'a pre-tokenizer of the kind deepse is not supported, only gpt-2 and smollm'],
    ['llama.attention.head_count_kv', 'llama.attention.head_count_kx', 'tensor layers.0.self_attn.k_proj'],
    ['blk.1.attn_q.weight', 'blk.1.attn_x.weight', 'self_attn.q_proj.weight is missing'],
    ['token_embd.weight', 'token_embx.weight', 'tensor token_embd.weight is missing'],
    ['tokenizer.ggml.merges', 'tokenizer.ggml.mergex', 'tokenizer.ggml.merges is no list'],
    ['tokenizer.ggml.model', 'tokenizer.ggml.modex', 'a tokenizer of the kind undefined is not supported'],
    ['llama.embedding_length', 'llama.embedding_lengtx', 'llama.embedding_length must be a whole number'],
  ])('%s as %s', async (from, to, message) => {
    await expect(openModel(replaced(from, to))).rejects.toThrow(message);
  });
});
