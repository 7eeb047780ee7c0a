/** Which of many values are among the largest: all above `value`, and the first `ties` of those equal to it. */
export interface Threshold {
  readonly value: number;
  readonly ties: number;
}

/** Values that share one maximum in {@link topCount}'s first look. */
const blockLength = 16;

/**
 * The k largest values. Most are ruled out by a bound, the k-th largest of the maxima of blocks: k values at least
 * reach it.
 * @param values [n], not NaN.
 * @param count k, from 1 to n.
 * @param scratch at least n long; overwritten.
 */
export function topCount(values: Float32Array, count: number, scratch: Float32Array): Threshold {
  const blocks = Math.ceil(values.length / blockLength);
  let bound = Number.NEGATIVE_INFINITY;
  if (count <= blocks) {
    for (let block = 0; block < blocks; block++) {
      const end = Math.min((block + 1) * blockLength, values.length);
      let maximum = Number.NEGATIVE_INFINITY;
      for (let index = block * blockLength; index < end; index++) {
        if (values[index]! > maximum) maximum = values[index]!;
      }
      scratch[block] = maximum;
    }
    bound = findThreshold(scratch.subarray(0, blocks), 'count', count).value;
  }
  return findThreshold(valuesFrom(bound, values, scratch), 'count', count);
}

/**
 * The fewest largest weights that together reach a share of their sum; as many as there are where rounding keeps
 * them below it. Weights below the average of what may be left out are ruled out first: all of them together are
 * less than that.
 * @param weights [n], not negative, not NaN, some above 0.
 * @param total their sum.
 * @param share above 0 and below 1.
 * @param scratch at least n long; overwritten.
 */
export function topShare(
  weights: Float32Array,
  total: number,
  share: number,
  scratch: Float32Array,
): Threshold {
  const bound = ((1 - share) * total) / weights.length;
  return findThreshold(valuesFrom(bound, weights, scratch), 'mass', share * total);
}

/** Copies the values that reach a bound. @returns the part of `scratch` that holds them. */
function valuesFrom(bound: number, values: Float32Array, scratch: Float32Array): Float32Array {
  let length = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value >= bound) scratch[length++] = value;
  }
  return scratch.subarray(0, length);
}

/**
 * Finds the fewest largest values that together reach `target`, each counted as 1 (`count`) or as itself (`mass`);
 * all of them where they miss it. Hoare's FIND ("Algorithm 65", 1961) with a three-way partition: linear time on
 * average, nothing is sorted.
 * @param values not empty; rearranged.
 * @param target above 0.
 */
function findThreshold(values: Float32Array, measure: 'count' | 'mass', target: number): Threshold {
  let [low, high] = [0, values.length];
  let missing = target;
  for (;;) {
    const pivot = median(values[low]!, values[(low + high) >> 1]!, values[high - 1]!);
    let [greaterEnd, equalEnd, lessStart] = [low, low, high];
    let greater = 0;
    while (equalEnd < lessStart) {
      const value = values[equalEnd]!;
      if (value > pivot) {
        greater += measure === 'count' ? 1 : value;
        values[equalEnd++] = values[greaterEnd]!;
        values[greaterEnd++] = value;
      } else if (value < pivot) {
        values[equalEnd] = values[--lessStart]!;
        values[lessStart] = value;
      } else {
        equalEnd++;
      }
    }
    if (greater >= missing && greaterEnd > low) {
      high = greaterEnd;
      continue;
    }
    const each = measure === 'count' ? 1 : pivot;
    const equal = equalEnd - greaterEnd;
    if (greater + equal * each >= missing || equalEnd === high) {
      return { value: pivot, ties: Math.min(equal, Math.ceil((missing - greater) / each)) };
    }
    missing -= greater + equal * each;
    low = equalEnd;
  }
}

/** The middle one of three numbers. */
function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
