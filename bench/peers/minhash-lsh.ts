import { createRandom } from '../../src/common/random.js';

/**
 * The usual approximate search: MinHash signatures (Broder, "On the resemblance and containment of
 * documents", 1997) over letter pairs, cut into bands (Leskovec, Rajaraman, Ullman, "Mining of Massive
 * Datasets", section 3.4). Candidates are titles that agree in all hashes of one band.
 */
export class MinHashIndex {
  private readonly multipliers: Uint32Array;
  private readonly offsets: Uint32Array;
  private readonly buckets: Map<string, number[]>[];

  constructor(
    titles: readonly string[],
    private readonly bands: number,
    private readonly rows: number,
  ) {
    const random = createRandom(1, 'minhash');
    const hashes = bands * rows;
    this.multipliers = Uint32Array.from({ length: hashes }, () => random.integer(2 ** 32) | 1);
    this.offsets = Uint32Array.from({ length: hashes }, () => random.integer(2 ** 32));
    this.buckets = Array.from({ length: bands }, () => new Map());
    titles.forEach((title, index) => {
      this.keys(title).forEach((key, band) => {
        const bucket = this.buckets[band]!.get(key);
        if (bucket) bucket.push(index);
        else this.buckets[band]!.set(key, [index]);
      });
    });
  }

  /** Indices of titles that share a band with `text`. */
  candidates(text: string): Set<number> {
    const found = new Set<number>();
    this.keys(text).forEach((key, band) => {
      for (const index of this.buckets[band]!.get(key) ?? []) found.add(index);
    });
    return found;
  }

  private keys(text: string): string[] {
    const compact = text.replace(/\s+/g, '');
    const signature = new Uint32Array(this.multipliers.length).fill(0xffffffff);
    for (let i = 0; i < compact.length - 1; i++) {
      const pair = ((compact.charCodeAt(i) << 16) | compact.charCodeAt(i + 1)) >>> 0;
      const mixed = Math.imul(pair ^ (pair >>> 15), 0x2c1b3c6d);
      for (let h = 0; h < signature.length; h++) {
        const product = Math.imul(mixed ^ (mixed >>> 12), this.multipliers[h]!) + this.offsets[h]!;
        const hash = (product ^ (product >>> 16)) >>> 0;
        if (hash < signature[h]!) signature[h] = hash;
      }
    }
    return Array.from({ length: this.bands }, (_, band) =>
      signature.subarray(band * this.rows, (band + 1) * this.rows).join(),
    );
  }
}
