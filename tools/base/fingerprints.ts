import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { encodeFingerprints } from '../../src/dedupe/fingerprint-set.js';
import { writeFileAtomic } from '../../src/io/atomic-file.js';

/** One other text in 16,384 is taken for a title. */
const defaultBits = '14';

/**
 * Packs the fingerprints of the titles that the base model was trained on.
 *
 *     npm run tool -- base-fingerprints --from fingerprints.bin [--to data/base/fingerprints.bin] [--bits 14]
 *
 * The source is a file of 8-byte fingerprints, big-endian (see src/dedupe/title-fingerprint.ts). Prints the hash that
 * src/io/base-fingerprints.ts is to hold.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const options = {
    from: { type: 'string' },
    to: { type: 'string', default: 'data/base/fingerprints.bin' },
    bits: { type: 'string', default: defaultBits },
  } as const;
  const { from, to, bits } = parseArgs({ args: [...argv], options }).values;
  if (from === undefined) throw new Error('--from names the file of fingerprints.');
  const bytes = await readFile(from);
  if (bytes.length % 8 !== 0) throw new Error(`${from} is no file of 8-byte fingerprints.`);
  const fingerprints = new BigUint64Array(bytes.length / 8);
  for (let index = 0; index < fingerprints.length; index++)
    fingerprints[index] = bytes.readBigUInt64BE(8 * index);
  await writeFingerprints(fingerprints, to, Number(bits));
}

/** Packs fingerprints into a file, as `encodeFingerprints` does, and prints its hash. */
export async function writeFingerprints(
  fingerprints: BigUint64Array,
  to: string,
  bits = Number(defaultBits),
): Promise<void> {
  const packed = encodeFingerprints(fingerprints, bits);
  await writeFileAtomic(to, packed);
  const hash = createHash('sha256').update(packed).digest('hex');
  process.stdout.write(`${fingerprints.length} fingerprints in ${packed.length} bytes\n${hash}\n`);
}
