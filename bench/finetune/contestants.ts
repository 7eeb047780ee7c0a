import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** What a contestant prints as its last line, in JSON. */
export interface Measured {
  readonly name: string;
  readonly tokensPerSecond?: number;
  readonly titlesPerSecond?: number;
  readonly gigaflops?: number;
  /** Of all threads, for one step; waiting threads may spin. */
  readonly processorSeconds?: number;
  readonly peakGigabytes?: number;
  /** Of each step, the warm-up's first; nats per token. */
  readonly losses?: readonly number[];
}

export interface Contestant {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly note: string;
  /** Whether it computes in float32 what the first contestant does, so that its losses must be the same. */
  readonly isExact?: boolean;
}

/** Largest relative difference of two losses that counts as rounding. */
const tolerance = 1e-4;

/** @throws Error when a contestant that computes the same has other losses. */
function checkLosses(
  { note }: Contestant,
  { name, losses = [] }: Measured,
  expected: readonly number[],
): void {
  const step = losses.findIndex((loss, index) => !(Math.abs(loss / expected[index]! - 1) <= tolerance));
  if (step === -1) return;
  const [own, first] = [losses[step]!, expected[step]!].map((loss) => loss.toFixed(5));
  throw new Error(
    `${name}, ${note}: its loss at step ${step + 1} is ${own}, the first contestant's ${first}.`,
  );
}

function measure({ command, arguments: list, environment }: Contestant): Measured {
  const result = spawnSync(command, list, { env: { ...process.env, ...environment }, encoding: 'utf8' });
  const line = result.stdout.trim().split('\n').at(-1);
  if (result.status !== 0 || !line)
    throw new Error(`${command} ${list.join(' ')} failed: ${result.stderr.slice(-2000)}`);
  return JSON.parse(line) as Measured;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

type Quantity = 'tokensPerSecond' | 'titlesPerSecond';

/**
 * Runs the contestants, each alone in a process of its own, in turns, and prints a table of medians over the rounds.
 * @param quantity by which the first contestant is compared with each.
 */
export function compare(
  title: string,
  contestants: readonly Contestant[],
  rounds: number,
  quantity: Quantity,
): void {
  const results = new Map<Contestant, Measured[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      const measured = measure(contestant);
      results.get(contestant)!.push(measured);
      const { losses } = results.get(contestants[0]!)![0]!;
      if (losses && contestant.isExact) checkLosses(contestant, measured, losses);
    }
  }
  const medianOf = (
    list: readonly Measured[],
    key: Quantity | 'gigaflops' | 'processorSeconds' | 'peakGigabytes',
  ): number => median(list.map((measured) => measured[key] ?? 0));
  const first = medianOf([...results.values()][0]!, quantity);
  const table = [...results].map(([{ note }, list]) => {
    const own = medianOf(list, quantity);
    const shown = (value: number, digits: number): number | string =>
      value > 0 ? Number(value.toFixed(digits)) : '';
    return {
      what: `${list[0]!.name}, ${note}`,
      'tokens/s': shown(medianOf(list, 'tokensPerSecond'), 1),
      ...(quantity === 'titlesPerSecond' ? { 'titles/s': shown(own, 2) } : {}),
      'GFLOP/s': shown(medianOf(list, 'gigaflops'), 1),
      'CPU s/step': shown(medianOf(list, 'processorSeconds'), 2),
      'peak GB': shown(medianOf(list, 'peakGigabytes'), 2),
      'last loss': shown(list[0]!.losses?.at(-1) ?? 0, 4),
      'titlesmith is faster by': own > 0 ? Number((first / own).toFixed(2)) : '',
    };
  });
  process.stdout.write(`${title}, ${cpus()[0]?.model}\n`);
  console.table(table);
}
