import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readConfiguration, readWeights } from '../../src/model/weights/checkpoint.js';
import { openSafetensors } from '../../src/model/weights/safetensors.js';
import { runCli } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

/** A training of nano that saves after every step and keeps the best weights at every other: it saves most of the time. */
export class SmallTraining {
  /** The checkpoint, once training is done. */
  readonly checkpoint: string;
  /** The checkpoint until then. */
  readonly unfinished: string;
  private readonly run: string;

  private constructor(
    private readonly folder: string,
    private readonly steps: number,
  ) {
    this.run = join(folder, 'runs/made-up');
    this.checkpoint = join(this.run, 'checkpoint');
    this.unfinished = join(this.run, 'next/finetune/checkpoint');
  }

  /** Makes a run folder whose dataset is ready to train on. */
  static async prepare(folder: string, steps: number): Promise<SmallTraining> {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(120)));
    const input = ['--source', 'csv', '--input', 'titles.csv', '--model', 'nano', '--run-name', 'made-up'];
    const made = await runCli(['pipeline', ...input, '--until', 'dataset'], folder);
    expect(made.code).toBe(0);
    return new SmallTraining(folder, steps);
  }

  /** The command that trains, or goes on. */
  get command(): string[] {
    const size = ['--steps', String(this.steps), '--batch-size', '1', '--print-every', '1'];
    const marks = ['--save-every', '1', '--evaluate-every', '2', '--sample-every', '0', '--json'];
    return ['finetune', join(this.folder, 'runs/made-up'), ...size, ...marks];
  }

  /** Opens what is there of an unfinished training: each file must be whole, or not there yet. @returns the step that was saved. */
  async openCheckpoint(): Promise<number> {
    const path = this.unfinished;
    if (existsSync(join(path, 'model.safetensors'))) {
      const weights = await readWeights(path, await readConfiguration(path));
      expect(weights.flat.every(Number.isFinite)).toBe(true);
    }
    if (!existsSync(join(path, 'optimizer.safetensors'))) return 0;
    const file = await openSafetensors(join(path, 'optimizer.safetensors'));
    await file.close();
    return (JSON.parse(file.metadata['position']!) as { step: number }).step;
  }

  /** SHA-256 of every file of the checkpoint, the losses of titles, and the metrics but for the rate. */
  outcome(): Record<string, unknown> {
    const hash = (name: string): string =>
      createHash('sha256')
        .update(readFileSync(join(this.checkpoint, name)))
        .digest('hex');
    const lines = readFileSync(join(this.run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const metrics = lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: undefined }));
    const names = readdirSync(this.checkpoint).sort();
    const losses = readFileSync(join(this.run, 'title-losses.json'), 'utf8');
    return { ...Object.fromEntries(names.map((name) => [name, hash(name)])), metrics, losses };
  }
}
