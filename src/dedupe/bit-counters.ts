/** Bits of the largest count: a text has fewer than 2^20 features. */
const maximumPlanes = 20;

/**
 * Counters for many places at once, stored as bit planes: bit i of word w of plane p is bit p of the count of
 * place 32·w + i. One bitwise operation then works on 32 counts; seven rows are added with the carry-save
 * adders of Harley and Seal (Muła, Kurz, Lemire, "Faster Population Counts Using AVX2 Instructions", 2018,
 * section 3).
 */
export class BitCounters {
  /** [planes, words] row-major. */
  private readonly planes: Int32Array;
  private planeCount = 3;

  constructor(private readonly words: number) {
    this.planes = new Int32Array(maximumPlanes * words);
  }

  /** Sets all counts to zero and makes room for counts up to `maximum`. */
  clear(maximum: number): void {
    this.planeCount = Math.max(3, 32 - Math.clz32(maximum));
    this.planes.fill(0, 0, this.planeCount * this.words);
  }

  /**
   * Adds 1 to the count of each of `places[first]` to `places[last - 1]`; `origin` is the place of counter 0.
   */
  addPlaces(places: Int32Array, first: number, last: number, origin: number): void {
    const { planes, words } = this;
    for (let i = first; i < last; i++) {
      const place = places[i]! - origin;
      const bit = 1 << (place & 31);
      for (let at = place >>> 5; ; at += words) {
        const old = planes[at]!;
        planes[at] = old ^ bit;
        if ((old & bit) === 0) break;
      }
    }
  }

  /**
   * Adds seven rows of bits to the counts.
   * @param bits where the rows lie; `starts` are the positions of their first word.
   * @param count number of words.
   */
  addSevenRows(bits: Int32Array, starts: readonly number[], count: number): void {
    const { planes, words, planeCount } = this;
    const [s0, s1, s2, s3, s4, s5, s6] = starts as [number, number, number, number, number, number, number];
    for (let w = 0; w < count; w++) {
      const a = bits[s0 + w]!;
      const b = bits[s1 + w]!;
      const c = bits[s2 + w]!;
      const d = bits[s3 + w]!;
      const e = bits[s4 + w]!;
      const f = bits[s5 + w]!;
      const g = bits[s6 + w]!;
      // Three full adders give the ones; a fourth turns their carries into twos and fours.
      const ab = a ^ b;
      const abc = ab ^ c;
      const carryAbc = (a & b) | (ab & c);
      const de = d ^ e;
      const def = de ^ f;
      const carryDef = (d & e) | (de & f);
      const both = abc ^ def;
      const ones = both ^ g;
      const carryOnes = (abc & def) | (both & g);
      const carries = carryAbc ^ carryDef;
      const twos = carries ^ carryOnes;
      const fours = (carryAbc & carryDef) | (carries & carryOnes);

      const plane0 = planes[w]!;
      planes[w] = plane0 ^ ones;
      let carry = plane0 & ones;
      const plane1 = planes[words + w]!;
      const twice = plane1 ^ twos;
      planes[words + w] = twice ^ carry;
      carry = (plane1 & twos) | (twice & carry);
      const plane2 = planes[2 * words + w]!;
      const fourfold = plane2 ^ fours;
      planes[2 * words + w] = fourfold ^ carry;
      carry = (plane2 & fours) | (fourfold & carry);
      for (let p = 3; carry !== 0 && p < planeCount; p++) {
        const plane = planes[p * words + w]!;
        planes[p * words + w] = plane ^ carry;
        carry &= plane;
      }
    }
  }

  /** The places of word `word` whose count is at least `limit` (1 or more), as bits. */
  atLeast(word: number, limit: number): number {
    if (limit >= 2 ** this.planeCount) return 0;
    let mask = -1;
    for (let p = 0; p < this.planeCount; p++) {
      const plane = this.planes[p * this.words + word]!;
      mask = (limit >>> p) & 1 ? plane & mask : plane | mask;
    }
    return mask;
  }

  /** The count of place 32·`word` + `bit`. */
  countAt(word: number, bit: number): number {
    let count = 0;
    for (let p = 0; p < this.planeCount; p++) {
      count |= ((this.planes[p * this.words + word]! >>> bit) & 1) << p;
    }
    return count;
  }
}
