/** Selects the largest keys: all above `value`, and the first `ties` of those equal to it. */
export interface Cutoff {
  readonly value: number;
  readonly ties: number;
}

/**
 * Finds the fewest largest keys whose masses together reach `target`; all of them if they fall short. Hoare's FIND
 * ("Algorithm 65", 1961) with a three-way partition: linear time on average, nothing is sorted.
 * @param keys not empty, not NaN; rearranged.
 * @param masses of the keys, those of equal keys alike; rearranged with them.
 * @param length how many keys there are.
 * @param target above 0.
 */
export function findCutoff(keys: Float32Array, masses: Float32Array, length: number, target: number): Cutoff {
  let [low, high] = [0, length];
  let remaining = target;
  for (;;) {
    const pivot = median(keys[low]!, keys[(low + high) >> 1]!, keys[high - 1]!);
    let [greaterEnd, equalEnd, lessStart] = [low, low, high];
    let greater = 0;
    let equal = 0;
    while (equalEnd < lessStart) {
      const key = keys[equalEnd]!;
      const mass = masses[equalEnd]!;
      if (key > pivot) {
        greater += mass;
        keys[equalEnd] = keys[greaterEnd]!;
        masses[equalEnd++] = masses[greaterEnd]!;
        keys[greaterEnd] = key;
        masses[greaterEnd++] = mass;
      } else if (key < pivot) {
        keys[equalEnd] = keys[--lessStart]!;
        masses[equalEnd] = masses[lessStart]!;
        keys[lessStart] = key;
        masses[lessStart] = mass;
      } else {
        equal += mass;
        equalEnd++;
      }
    }
    if (greater >= remaining && greaterEnd > low) {
      high = greaterEnd;
      continue;
    }
    if (greater + equal >= remaining || equalEnd === high) {
      const count = equalEnd - greaterEnd;
      return { value: pivot, ties: Math.min(count, Math.ceil((remaining - greater) / (equal / count))) };
    }
    remaining -= greater + equal;
    low = equalEnd;
  }
}

/** The middle one of three numbers. */
function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
