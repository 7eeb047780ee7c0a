import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/common/package-root.js';
import { readOptions } from './options.js';

/**
 * One training step, ours and the peers', each alone in a process of its own, in turns; medians over the rounds.
 * Without --python only ours is measured.
 */
interface Measured {
  readonly name: string;
  readonly tokensPerSecond?: number;
  readonly gigaflops: number;
  readonly peakGigabytes?: number;
}

interface Contestant {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly note: string;
}

const { model, configuration, rows, rowLength, steps, threads, rounds, python, loraRank, recompute } =
  readOptions();
const shared = ['--rows', rows, '--row-length', rowLength, '--steps', steps, '--threads', threads].map(
  String,
);
const extra = [
  ...(loraRank === undefined ? [] : ['--lora-rank', String(loraRank)]),
  ...(recompute ? ['--recompute'] : []),
];
const stepScript = fileURLToPath(new URL('./step.js', import.meta.url));
const ours: Contestant = {
  command: process.execPath,
  arguments: [stepScript, '--model', model, ...shared, ...extra],
  environment: {},
  note: `Node ${process.version}`,
};

function peers(interpreter: string): Contestant[] {
  const script = join(packageRoot, 'bench/peers/pytorch_step.py');
  const { width, layers, heads, vocabularySize, contextLength } = configuration;
  const size = [
    '--width',
    width,
    '--layers',
    layers,
    '--heads',
    heads,
    '--vocabulary',
    vocabularySize,
    '--context',
    contextLength,
  ];
  const peer = (more: readonly string[], environment: Record<string, string>, note: string): Contestant => ({
    command: interpreter,
    arguments: [script, ...size.map(String), ...shared, ...more],
    environment,
    note,
  });
  return [
    peer(['--matmul'], {}, 'best of four large products'),
    peer([], {}, 'default'),
    peer([], { OMP_WAIT_POLICY: 'passive' }, 'OMP_WAIT_POLICY=passive'),
    peer(['--compile'], {}, 'default'),
  ];
}

function measure({ command, arguments: list, environment }: Contestant): Measured {
  const result = spawnSync(command, list, { env: { ...process.env, ...environment }, encoding: 'utf8' });
  const line = result.stdout.trim().split('\n').at(-1);
  if (result.status !== 0 || !line)
    throw new Error(`${command} ${list.join(' ')} failed: ${result.stderr.slice(-2000)}`);
  return JSON.parse(line) as Measured;
}

const contestants = [ours, ...(python === undefined ? [] : peers(python))];
const results = new Map<Contestant, Measured[]>(contestants.map((contestant) => [contestant, []]));
for (let round = 0; round < rounds; round++) {
  for (const contestant of contestants) results.get(contestant)!.push(measure(contestant));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const [first] = [...results.values()].map((list) =>
  median(list.map(({ tokensPerSecond }) => tokensPerSecond ?? 0)),
);
const table = [...results].map(([{ note }, list]) => {
  const tokensPerSecond = median(list.map((measured) => measured.tokensPerSecond ?? 0));
  return {
    what: `${list[0]!.name}, ${note}`,
    'tokens/s': Number(tokensPerSecond.toFixed(1)),
    'GFLOP/s': Number(median(list.map(({ gigaflops }) => gigaflops)).toFixed(1)),
    'peak GB': Number(median(list.map(({ peakGigabytes }) => peakGigabytes ?? 0)).toFixed(2)),
    'titlesmith is faster by': tokensPerSecond > 0 ? Number((first! / tokensPerSecond).toFixed(2)) : '',
  };
});
const [processor] = cpus();
process.stdout.write(
  `${model}, float32, ${rows} × ${rowLength} tokens a step, ${threads} threads, ${processor?.model}\n`,
);
console.table(table);
