import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/io/package-root.js';
import { type Contestant, compare } from './contestants.js';
import { readOptions, warmUpSteps } from './finetune-options.js';
import { writeTrainingStart } from './training-start.js';

/**
 * One training step, ours and the peers', each alone in a process of its own, in turns; medians over the rounds. All
 * begin with the same weights and train on the same batches, with --lora-rank low-rank adapters alone; a float32
 * contestant whose losses are not ours ends the bench. Without --python only ours is measured; --only TEXT leaves out those
 * that have no such text in their command or note, but the first.
 */
const { model, configuration, rows, rowLength, steps, threads, rounds, python, loraRank, recompute, only } =
  readOptions();
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-compare-'));
const shared = ['--rows', rows, '--row-length', rowLength, '--steps', steps, '--threads', threads]
  .concat(['--vocabulary', configuration.vocabularySize, '--start', folder, '--batches', folder])
  .concat(loraRank === undefined ? [] : ['--lora-rank', loraRank])
  .map(String);
const passive = { OMP_WAIT_POLICY: 'passive' };

function ours(): Contestant[] {
  const own = ['--model', model, ...shared, ...(recompute ? ['--recompute'] : [])];
  const contestant = (name: string, list: readonly string[], note: string): Contestant => ({
    command: process.execPath,
    arguments: [fileURLToPath(new URL(`./${name}.js`, import.meta.url)), ...list],
    environment: {},
    note,
    isExact: name === 'step' && note === 'float32',
  });
  return [
    contestant('step', own, 'float32'),
    ...(loraRank === undefined
      ? []
      : [contestant('step', [...own, '--frozen-precision', 'int8'], 'frozen matrices in int8')]),
    contestant('matmul', ['--threads', String(threads)], 'float32, best of four large products'),
  ];
}

/** PyTorch with the settings that its users choose from. */
function peers(interpreter: string): Contestant[] {
  const script = join(packageRoot, 'bench/peers/pytorch_step.py');
  const run = (list: readonly string[], note: string, environment: Record<string, string>): Contestant => ({
    command: interpreter,
    arguments: [script, ...list],
    environment,
    note,
    isExact: note.startsWith('float32'),
  });
  const product = (type: string): Contestant =>
    run(['--matmul', type, '--threads', String(threads)], `${type}, best of four large products`, {});
  const step = (
    note: string,
    list: readonly string[],
    environment: Record<string, string> = {},
  ): Contestant => run([...shared, ...list], note, environment);
  const autocast = ['--autocast', 'bfloat16'];
  const frozen = [...autocast, '--compile', '--frozen', 'bfloat16'];
  return [
    product('float32'),
    product('bfloat16'),
    step('float32', []),
    step('float32, OMP_WAIT_POLICY=passive', [], passive),
    step('float32', ['--compile']),
    step('float32, OMP_WAIT_POLICY=passive', ['--compile'], passive),
    step('bfloat16 autocast', autocast),
    step('bfloat16 autocast', [...autocast, '--compile']),
    step('bfloat16 autocast, OMP_WAIT_POLICY=passive', [...autocast, '--compile'], passive),
    ...(loraRank === undefined
      ? []
      : [
          step('bfloat16 autocast, frozen weights in bfloat16', frozen),
          step('the same, OMP_WAIT_POLICY=passive', frozen, passive),
        ]),
  ];
}

const isWanted = ({ command, arguments: list, note }: Contestant, index: number): boolean =>
  only === undefined || index === 0 || [command, ...list, note].join(' ').includes(only);

/** Why there are no peers to measure; undefined if there are. */
function withoutPeers(): string | undefined {
  if (python === undefined) return 'Without --python PYTHON only titlesmith is measured.';
  const { status } = spawnSync(python, ['-c', 'import torch, transformers']);
  return status === 0
    ? undefined
    : `${python} has no torch and transformers: without PyTorch only titlesmith is measured.`;
}

try {
  const lack = withoutPeers();
  if (lack !== undefined) process.stderr.write(`${lack}\n`);
  await writeTrainingStart(folder, configuration, { rows, rowLength, loraRank, count: warmUpSteps + steps });
  compare(
    `${model}, ${loraRank === undefined ? 'all weights' : `adapters of rank ${loraRank}`}, ${rows} × ${rowLength} tokens a step, ${threads} threads`,
    [...ours(), ...(python === undefined || lack !== undefined ? [] : peers(python))].filter(isWanted),
    rounds,
    'tokensPerSecond',
  );
} finally {
  rmSync(folder, { recursive: true });
}
