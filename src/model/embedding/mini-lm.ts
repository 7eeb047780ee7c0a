/** A sentence whose vector tells all-MiniLM-L6-v2 from other models. */
export const probeSentence = 'A first sentence.';

/** The beginning of its vector: weights of 8 bits change it by a few hundredths of its length. */
const beginning = [
  0.021, 0.058, 0.019, 0.092, -0.049, 0.036, 0.095, -0.011, 0.004, -0.005, 0.13, 0.002, 0, -0.023, 0, 0.017,
];
const width = 384;
/** Vectors of unrelated models have about 0, with a deviation of 0.25. */
const leastCosine = 0.9;

/**
 * Whether a model is all-MiniLM-L6-v2, whatever file and precision it comes in.
 * @param vector of {@link probeSentence}, by that model.
 */
export function isMiniLm(vector: Float32Array): boolean {
  if (vector.length !== width) return false;
  let [product, square, own] = [0, 0, 0];
  for (const [i, value] of beginning.entries()) {
    product += value * vector[i]!;
    square += value * value;
    own += vector[i]! * vector[i]!;
  }
  return product >= leastCosine * Math.sqrt(square * own);
}
