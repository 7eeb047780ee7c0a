import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sha256, sha256 } from '../../src/common/sha256.js';

test('hashes text and bytes as Node does, of any length and with any characters', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    // Halves of surrogate pairs, too.
    fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a', 'é', '漢') }),
    fc.integer({ min: 2700, max: 2800 }).map((length) => '漢'.repeat(length)),
  );
  fc.assert(
    fc.property(text, (given) => {
      const bytes = Buffer.from(given);
      const expected = createHash('sha256').update(bytes).digest('hex');
      expect(Buffer.from(sha256(given)).toString('hex')).toBe(expected);
      expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(expected);
    }),
  );
});

test('bytes that come in chunks of any length give the hash of them all', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      const hash = new Sha256();
      for (const chunk of chunks) hash.update(chunk);
      expect(hash.hex()).toBe(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'));
    }),
  );
  expect(new Sha256().update('títle 🐈').hex()).toBe(createHash('sha256').update('títle 🐈').digest('hex'));
});
