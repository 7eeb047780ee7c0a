import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/io/package-root.js';
import { type Contestant, compare } from './contestants.js';
import { readOptions } from './finetune-options.js';

/**
 * One training step, ours and the peers', each alone in a process of its own, in turns; medians over the rounds.
 * Without --python only ours is measured.
 */
const { model, configuration, rows, rowLength, steps, threads, rounds, python, loraRank, recompute } =
  readOptions();
const shared = ['--rows', rows, '--row-length', rowLength, '--steps', steps, '--threads', threads].map(
  String,
);
const extra = [
  ...(loraRank === undefined ? [] : ['--lora-rank', String(loraRank)]),
  ...(recompute ? ['--recompute'] : []),
  '--vocabulary',
  String(configuration.vocabularySize),
];
const script = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
const ours: Contestant = {
  command: process.execPath,
  arguments: [script('step'), '--model', model, ...shared, ...extra],
  environment: {},
  note: `Node ${process.version}`,
};
const ourProducts: Contestant = {
  command: process.execPath,
  arguments: [script('matmul'), '--threads', String(threads)],
  environment: {},
  note: 'best of four large products',
};

function peers(interpreter: string): Contestant[] {
  const pytorch = join(packageRoot, 'bench/peers/pytorch_step.py');
  const { width, layers, heads, vocabularySize, contextLength } = configuration;
  const sizes = { width, layers, heads, vocabulary: vocabularySize, context: contextLength };
  const size = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const peer = (more: readonly string[], environment: Record<string, string>, note: string): Contestant => ({
    command: interpreter,
    arguments: [pytorch, ...size, ...shared, ...more],
    environment,
    note,
  });
  return [
    peer(['--matmul'], {}, 'best of four large products'),
    peer([], {}, 'default'),
    peer([], { OMP_WAIT_POLICY: 'passive' }, 'OMP_WAIT_POLICY=passive'),
    peer(['--compile'], {}, 'default'),
    peer(['--compile'], { OMP_WAIT_POLICY: 'passive' }, 'OMP_WAIT_POLICY=passive'),
  ];
}

compare(
  `${model}, float32, ${rows} × ${rowLength} tokens a step, ${threads} threads`,
  [ours, ourProducts, ...(python === undefined ? [] : peers(python))],
  rounds,
  'tokensPerSecond',
);
