/** Which of many values are among the largest: all above `value`, and the first `ties` of those equal to it. */
export interface Threshold {
  readonly value: number;
  readonly ties: number;
}

/** The middle one of three numbers. */
function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/**
 * Finds the fewest largest values that together reach `target`, counted each as 1 (`count`) or as itself (`mass`).
 * Hoare's FIND ("Algorithm 65", 1961) with a three-way partition: linear time on average, nothing is sorted.
 * @param values not NaN; not negative for `mass`. They are rearranged. All of them are kept if they miss the target.
 * @param target above 0.
 */
export function findThreshold(values: Float32Array, measure: 'count' | 'mass', target: number): Threshold {
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
