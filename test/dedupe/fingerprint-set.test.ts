import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { encodeFingerprints, FingerprintSet } from '../../src/dedupe/fingerprint-set.js';

test('what was put in is found, and what comes out is the same whatever the order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      fc.integer({ min: 1, max: 24 }),
      (all, bits) => {
        const bytes = encodeFingerprints(BigUint64Array.from(all), bits);
        expect(encodeFingerprints(BigUint64Array.from(all.toReversed()), bits)).toEqual(bytes);
        const set = FingerprintSet.decode(bytes, 'a set');
        expect(set.size).toBe(all.length);
        for (const fingerprint of all) expect(set.has(fingerprint)).toBe(true);
      },
    ),
  );
});

test('others are taken for one of it as rarely as it says, in less than 16 bits each', () => {
  const random = createRandom(1, 'fingerprints');
  const draw = (): bigint => (BigInt(random.integer(2 ** 32)) << 32n) | BigInt(random.integer(2 ** 32));
  const count = 20_000;
  const bytes = encodeFingerprints(BigUint64Array.from({ length: count }, draw), 8);
  expect(bytes.length).toBeLessThan((count * 10) / 8);
  const set = FingerprintSet.decode(bytes, 'a set');
  const trials = 200_000;
  let found = 0;
  for (let trial = 0; trial < trials; trial++) found += Number(set.has(draw()));
  const expected = trials * set.falsePositiveRate;
  // Five standard deviations of a Poisson count.
  expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected));
});

test('bytes that are no set are refused, wherever they were cut or changed', () => {
  const bytes = encodeFingerprints(BigUint64Array.of(1n, 2n ** 40n, 2n ** 63n), 14);
  const cut =
    (length: number): (() => FingerprintSet) =>
    () =>
      FingerprintSet.decode(bytes.subarray(0, length), 'a set');
  for (let length = 0; length < bytes.length; length++) expect(cut(length)).toThrow('a set is damaged');
  const other = Uint8Array.from(bytes);
  other[0] = 0;
  expect(() => FingerprintSet.decode(other, 'a set')).toThrow('a set is damaged');
});
