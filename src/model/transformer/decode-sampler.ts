import type { DeviceMemory, DeviceTensor, Engine, Program } from '../engine/engine.js';
import {
  add,
  argMax,
  drawByWeight,
  input,
  keepTopK,
  keepTopP,
  multiply,
  subtract,
} from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';

/** How the next token of each row is chosen from its scores. */
export interface TokenChoice {
  /** Temperature of each row; at 0 the likeliest token is taken, the first of several. */
  readonly temperatures: Float32Array;
  /** Of how many of the likeliest tokens each row's is drawn; 0: of all. */
  readonly topK: Int32Array;
  /** Share of probability that the likeliest of these together reach, of which it is drawn; 0: of all. */
  readonly topP: Float32Array;
  /** Which token each row draws: a number from 0 and below 1. */
  readonly points: Float32Array;
}

/** What the rows of a step need. */
interface SamplingKinds {
  readonly greedy: boolean;
  readonly drawn: boolean;
  /** Most tokens that top-k keeps in a row; undefined: all rows keep all. */
  readonly topK: number | undefined;
  readonly topP: boolean;
}

/** A share that no sum of probabilities reaches, so that all tokens stay. */
const allOfThem = 2;
/** Smallest bound of top-k that a program is made for: few programs serve all values. */
const smallestBound = 64;

/**
 * The graph that chooses the next token of each row: top-k, then top-p over the rest, as the sampler on the processor
 * does (src/model/generation/sampler.ts), but with sums in float32.
 *
 * Inputs: `logits` [S,V] where a row is greedy; `probabilities` [S,V] and `points` [S,1] where one is drawn; with both,
 * `greedy` [S,1], 1 or 0; `counts` [S,1] and `shares` [S,1] where top-k and top-p are on. Output: `ids` [S,1]; −1 where
 * scores are not finite.
 */
export function samplingGraph(
  [slots, rowLength]: readonly [slots: number, rowLength: number],
  { greedy, drawn, topK, topP }: SamplingKinds,
): Record<string, Tensor> {
  const scores = (name: string): Tensor => input(name, [slots, rowLength]);
  const number = (name: string): Tensor => input(name, [slots, 1]);
  const likeliest = (): Tensor => argMax(scores('logits'));
  if (!drawn) return { ids: likeliest() };
  let weights = scores('probabilities');
  if (topK !== undefined) weights = keepTopK(weights, number('counts'), topK);
  if (topP) weights = keepTopP(weights, number('shares'));
  const ids = drawByWeight(weights, number('points'));
  if (!greedy) return { ids };
  const isGreedy = number('greedy');
  return { ids: add(multiply(isGreedy, likeliest()), multiply(subtract(1, isGreedy), ids)) };
}

/** Numbers for the rows of a step that seldom change, on the device. */
class HeldNumbers {
  private held: Float32Array | undefined;
  private readonly tensor: DeviceTensor;
  private readonly views = new Map<number, DeviceTensor>();

  constructor(
    private readonly memory: DeviceMemory,
    slots: number,
  ) {
    this.tensor = memory.allocate({ shape: [slots, 1], dtype: 'float32' });
  }

  /** The numbers [rows,1] on the device, copied there unless they are those of the last call. */
  async hold(values: Float32Array): Promise<DeviceTensor> {
    const rows = values.length;
    const view = this.views.get(rows) ?? this.tensor.view([rows, 1]);
    this.views.set(rows, view);
    const { held } = this;
    if (held === undefined || held.length < rows || values.some((value, row) => value !== held[row])) {
      await this.memory.write([[values, view]]);
      this.held = values.slice();
    }
    return view;
  }

  dispose(): void {
    for (const tensor of [...this.views.values(), this.tensor]) tensor.dispose();
  }
}

/**
 * Chooses tokens on an engine's device from scores that lie there: a step sends a number a row up, and gets one back. A
 * program is compiled for each combination of what rows ask for, when it is first asked for. A row's token does not
 * depend on the other rows.
 */
export class DeviceSampler {
  private readonly programs = new Map<string, Promise<Program>>();
  private readonly held = new Map<string, HeldNumbers>();

  constructor(
    private readonly engine: Engine,
    private readonly memory: DeviceMemory,
    private readonly slots: number,
    /** Length of a row of scores; beyond the tokens it has probabilities of 0. */
    private readonly rowLength: number,
  ) {}

  /** Numbers of each row that stay on the device, by the name of their input. */
  hold(name: string, values: Float32Array): Promise<DeviceTensor> {
    const numbers = this.held.get(name) ?? new HeldNumbers(this.memory, this.slots);
    this.held.set(name, numbers);
    return numbers.hold(values);
  }

  /**
   * @param scores [rows,V], the probabilities with the temperature in them.
   * @returns a token id for each row; −1 where its scores are not finite.
   */
  async choose(
    scores: { readonly logits: DeviceTensor; readonly probabilities: DeviceTensor },
    { temperatures, topK, topP, points }: TokenChoice,
  ): Promise<Int32Array> {
    const { rowLength } = this;
    const counts = Float32Array.from(topK, (k) => (k > 0 && k < rowLength ? k : rowLength));
    const shares = Float32Array.from(topP, (p) => (p > 0 && p < 1 ? p : allOfThem));
    const isDrawn = (row: number): boolean => temperatures[row] !== 0;
    const largestK = counts.reduce(
      (most, count, row) => (isDrawn(row) && count < rowLength ? Math.max(most, count) : most),
      0,
    );
    const kinds: SamplingKinds = {
      greedy: temperatures.includes(0),
      drawn: temperatures.some((temperature) => temperature !== 0),
      topK: largestK === 0 ? undefined : boundOf(largestK, rowLength),
      topP: shares.some((share, row) => isDrawn(row) && share !== allOfThem),
    };
    const { greedy, drawn } = kinds;
    const hold = async (isUsed: boolean, name: string, values: Float32Array): Promise<object> =>
      isUsed ? { [name]: await this.hold(name, values) } : {};
    const ids = new Float32Array(temperatures.length);
    const program = await this.program(kinds);
    await program.run(
      {
        ...(greedy ? { logits: scores.logits } : {}),
        ...(drawn ? { probabilities: scores.probabilities, points } : {}),
        ...(await hold(drawn && kinds.topK !== undefined, 'counts', counts)),
        ...(await hold(kinds.topP, 'shares', shares)),
        ...(await hold(
          greedy && drawn,
          'greedy',
          temperatures.map((temperature) => Number(temperature === 0)),
        )),
      },
      { ids },
    );
    return Int32Array.from(ids);
  }

  private program(kinds: SamplingKinds): Promise<Program> {
    const key = JSON.stringify(kinds);
    const known = this.programs.get(key);
    if (known) return known;
    const outputs = samplingGraph([this.slots, this.rowLength], kinds);
    const names = ['logits', 'probabilities', 'points', 'counts', 'shares', 'greedy', 'ids'];
    const dynamicAxes = Object.fromEntries(names.map((name) => [name, { 0: 'rows' }]));
    const compiled = this.engine.compile(outputs, { dynamicAxes });
    this.programs.set(key, compiled);
    return compiled;
  }

  async dispose(): Promise<void> {
    for (const program of this.programs.values()) await (await program).dispose();
    for (const numbers of this.held.values()) numbers.dispose();
  }
}

/** The bound of top-k that a program is made for: the next power of two. */
function boundOf(k: number, rowLength: number): number {
  return Math.min(rowLength, Math.max(smallestBound, 2 ** Math.ceil(Math.log2(k))));
}
