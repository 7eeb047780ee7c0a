import type { Random } from '../../common/random.js';

/**
 * Weights that texts give to titles, the heaviest title first: text `i` has entries `starts[i]` to `starts[i + 1]`. What a
 * text gives to a set of titles is the weight of the first of its titles that is in the set; `floors[i]` where none is.
 */
export interface TextWeights {
  readonly starts: Int32Array;
  /** Numbers of titles, [entries]. */
  readonly titles: Int32Array;
  /** [entries]. */
  readonly weights: Float64Array;
  /** [texts]. */
  readonly floors: Float64Array;
}

/** What the texts give to the held-out titles, and to as many titles drawn at random from all. */
interface BlockTest {
  /** Sum over the texts. */
  readonly heldOut: number;
  /** Mean and standard deviation over the random draws of that sum. */
  readonly mean: number;
  readonly deviation: number;
  /** One-sided: the chance of so little for as many titles drawn at random. */
  readonly p: number;
  /** Random draws made. */
  readonly draws: number;
}

/** Draws: enough for the standard deviation; ends a test that is clearly not significant; most. */
const draws = { fewest: 200, exceedances: 40, most: 2999 };

/**
 * Whether texts give less to the titles held out of training than to as many of all titles, by a permutation test. Titles are
 * held out at random, so that a model that learned none by heart cannot tell which: then the held-out ones are a random draw
 * like any other, whatever the model's taste. How far the model's texts are like real titles in general cancels out, unlike
 * in a comparison of its texts with real titles. The question is that of Meehan, Chaudhuri and Dasgupta ("A Non-Parametric Test
 * to Detect Data-Copying in Generative Models", 2020, arXiv 2004.05675): whether the texts lie closer to the training titles than
 * they should. The p-value is sequential (Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika 78, 1991): the
 * draws end early once many gave as little.
 * @param isHeldOut 1 for each title that is held out, else 0, [titles]. The numbers of titles must not depend on it.
 */
export function blockTest(weights: TextWeights, isHeldOut: Uint8Array, random: Random): BlockTest {
  const total = isHeldOut.length;
  const heldOut = isHeldOut.reduce((sum, one) => sum + one, 0);
  const observed = sumOver(weights, isHeldOut);
  const inBlock = new Uint8Array(total);
  const order = Int32Array.from({ length: total }, (_, title) => title);
  let [made, exceeded, sum, squares] = [0, 0, 0, 0];
  while (made < draws.most && (made < draws.fewest || exceeded < draws.exceedances)) {
    inBlock.fill(0);
    for (let place = 0; place < heldOut; place++) {
      const other = place + random.integer(total - place);
      const title = order[other]!;
      order[other] = order[place]!;
      order[place] = title;
      inBlock[title] = 1;
    }
    const drawn = sumOver(weights, inBlock);
    // Sums of the same terms in another order may differ in their last bits.
    if (drawn <= observed + 1e-9 * Math.abs(observed)) exceeded++;
    made++;
    sum += drawn;
    squares += drawn * drawn;
  }
  const mean = sum / made;
  return {
    heldOut: observed,
    mean,
    deviation: Math.sqrt(Math.max(0, squares / made - mean * mean)),
    p: (exceeded + 1) / (made + 1),
    draws: made,
  };
}

function sumOver({ starts, titles, weights, floors }: TextWeights, inBlock: Uint8Array): number {
  let sum = 0;
  for (let text = 0; text < floors.length; text++) {
    let given = floors[text]!;
    for (let entry = starts[text]!; entry < starts[text + 1]!; entry++) {
      if (inBlock[titles[entry]!] === 0) continue;
      given = weights[entry]!;
      break;
    }
    sum += given;
  }
  return sum;
}

/** {@link TextWeights} from lists, in their order. */
export function textWeights(
  lists: readonly (readonly { readonly title: number; readonly weight: number }[])[],
  floors: readonly number[],
): TextWeights {
  const starts = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) starts[i + 1] = starts[i]! + list.length;
  const entries = lists.flat();
  return {
    starts,
    titles: Int32Array.from(entries, ({ title }) => title),
    weights: Float64Array.from(entries, ({ weight }) => weight),
    floors: Float64Array.from(floors),
  };
}
