import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { summarizeRun } from '../../src/cli/summary.js';
import type { StageName } from '../../src/options/choices.js';
import type { FinishedRun } from '../../src/pipeline/run-stages.js';
import type { Manifest } from '../../src/run/manifest.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-summary-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function manifest(counts: Partial<Record<StageName, Record<string, unknown>>>): Manifest {
  const stages = Object.entries(counts).map(([stage, stageCounts]) => [
    stage,
    { status: 'done', startedAt: '', fingerprint: '', counts: stageCounts },
  ]);
  return {
    formatVersion: 1,
    titlesmithVersion: '0.0.0',
    name: 'aww',
    createdAt: '',
    machine: { node: '', platform: '', cores: 1 },
    options: {},
    decisions: {},
    stages: Object.fromEntries(stages),
  };
}

function finished(of: Manifest, seconds: number): FinishedRun {
  return {
    status: 'finished',
    name: of.name,
    folder,
    manifest: of,
    seconds,
    overfits: false,
    stale: [],
    firstNewText: undefined,
  };
}

const losses = {
  initialValidationLoss: Math.log(1000),
  bestValidationLoss: Math.log(12.5),
  finalValidationLoss: Math.log(13),
};

test('a whole run says what went in and out of each stage', () => {
  const accepted = Array.from({ length: 14 }, (_, index) => `Title \u001b[31mnumber ${index}`);
  writeFileSync(join(folder, 'accepted.txt'), `${accepted.join('\n')}\n`);
  const { lines, data } = summarizeRun(
    finished(
      manifest({
        extract: {
          extracted: 12_345,
          kept: 12_000,
          droppedByReason: { 'too short': 300, duplicate: 45, never: 0 },
        },
        dataset: { train: 10_800, validation: 1200 },
        finetune: {
          steps: 400,
          epochs: 9.876,
          stopReason: 'steps',
          bestStep: 380,
          parameters: 1_234_567,
          ...losses,
        },
        generate: { generated: 200, tokens: 3000, byFinishReason: { stop: 200 } },
        dedupe: { accepted: 150, rejected: 50, rejectedByReason: { 'near copy': 50 } },
        report: { verdict: 'healthy', copyShare: 0.01, excess: { share: 0, low: -0.1, high: 0.1 } },
      }),
      95.2,
    ),
  );
  expect(lines).toEqual([
    'aww: done in 1 min 35 s',
    '  titles     12,345 extracted, 12,000 kept, 345 dropped (300 too short, 45 duplicate)',
    '  dataset    10,800 to train on, 1,200 held out',
    '  training   400 steps, 9.88 epochs, 1,234,567 parameters',
    '  perplexity 1,000 before, 13.0 after, on the held-out titles; kept: 12.5, step 380',
    '  generated  200 titles, 3,000 tokens',
    '  review     150 accepted, 50 refused = 25.0% (50 near copy)',
    '  accepted (no copy, and not broken; whether they are good, only reading them tells), the first ten:',
    ...Array.from({ length: 10 }, (_, index) => `    Title \\u001b[31mnumber ${index}`),
    '  model      writes titles of its own: copies are less than 3 points more frequent than among held-out titles',
    `  report     ${join(folder, 'report.html')}`,
  ]);
  expect(data).toMatchObject({ run: 'aww', refusedShare: 0.25, report: join(folder, 'report.html') });
});

test('a run from the base model says how much of it stands in what that was trained on', () => {
  const excess = { share: 0, low: -0.02, high: 0.02 };
  const report = { verdict: 'healthy', copyShare: 0, excess, inBase: { outputs: 0.031, heldOut: 0.004 } };
  const { lines } = summarizeRun(finished(manifest({ report }), 1));
  expect(lines).toContain(
    "             of the outputs 3.1%, of the held-out titles 0.4% stand in the base model's training titles",
  );
});

test('a run that stopped early says what there is', () => {
  const { lines } = summarizeRun(finished(manifest({ dataset: { train: 9, validation: 1 } }), 0.25));
  expect(lines).toEqual(['aww: done in 0.3 s', '  dataset    9 to train on, 1 held out']);
});

test('a result says that a model overfits only where it was asked for and found', () => {
  const run = finished(manifest({ dataset: { train: 9, validation: 1 } }), 1);
  expect(JSON.parse(JSON.stringify(summarizeRun(run).data))).not.toHaveProperty('overfits');
  expect(summarizeRun({ ...run, overfits: true }).data).toHaveProperty('overfits', true);
});

test('a training that its samples ended says so', () => {
  const ended = { stopReason: 'copies', endedBy: { samples: 32, copies: 9 } };
  const finetune = { steps: 40, epochs: 2, bestStep: 20, parameters: 9, ...losses, ...ended };
  expect(summarizeRun(finished(manifest({ finetune }), 1)).lines.slice(1)).toEqual([
    '  training   40 steps, 2.00 epochs, 9 parameters',
    '             stopped as 9 of 32 samples were copies: beyond chance',
    '  perplexity 1,000 before, 13.0 after, on the held-out titles; kept: 12.5, step 20',
  ]);
});

test('a training that helped nothing says so, and what to change', () => {
  const worse = { ...losses, bestValidationLoss: losses.initialValidationLoss, finalValidationLoss: 8 };
  const finetune = { steps: 40, epochs: 2, stopReason: 'steps', bestStep: 0, parameters: 9, ...worse };
  expect(summarizeRun(finished(manifest({ finetune }), 1)).lines.slice(2)).toEqual([
    '  perplexity 1,000 before, 2,981 after, on the held-out titles; kept: 1,000, the model as it came',
    '             training helped nothing: try a lower --learning-rate, more steps, or more titles',
  ]);
});

test.each([
  [7.1, true],
  [3.25, true],
  [2.4, false],
])('a model of %d bits a byte, beside a table of 3.25, has learned too little: %s', (model, isSaid) => {
  const bitsPerByte = { model, start: 8, unigram: 4, trigram: 3.25, training: model };
  const finetune = { steps: 9, epochs: 1, stopReason: 'steps', bestStep: 9, parameters: 5, ...losses };
  const { lines } = summarizeRun(finished(manifest({ finetune: { ...finetune, bitsPerByte } }), 1));
  const said = lines.filter((line) => line.includes('has learned too little'));
  expect(said).toHaveLength(isSaid ? 1 : 0);
  if (isSaid) expect(said[0]).toContain('a plain table of word parts');
});

test('what a call took is told from what all stages took, where earlier calls did some', () => {
  const made = manifest({ dataset: { train: 9, validation: 1 }, extract: {} });
  const stages = Object.fromEntries(
    Object.entries(made.stages).map(([stage, record]) => [stage, { ...record, seconds: 30 }]),
  );
  const [line] = summarizeRun(finished({ ...made, stages }, 4)).lines;
  expect(line).toBe('aww: done in 4 s in this call; its stages took 1 min 0 s in all');
  expect(summarizeRun(finished({ ...made, stages }, 61)).lines[0]).toBe('aww: done in 1 min 1 s');
});

test('what is stale is left out, and said', () => {
  writeFileSync(join(folder, 'accepted.txt'), 'Of the model before\n');
  const finetune = { steps: 40, epochs: 2, stopReason: 'steps', bestStep: 20, parameters: 9, ...losses };
  const dedupe = { accepted: 1, rejected: 0, rejectedByReason: {} };
  const report = { verdict: 'healthy', copyShare: 0, excess: { share: 0, low: -0.1, high: 0.1 } };
  const run = finished(manifest({ finetune, dedupe, report }), 1);
  expect(summarizeRun(run).lines).toContain('    Of the model before');
  const { lines, data } = summarizeRun({ ...run, stale: ['dedupe', 'report'] });
  expect(lines.slice(1)).toEqual([
    '  training   40 steps, 2.00 epochs, 9 parameters',
    '  perplexity 1,000 before, 13.0 after, on the held-out titles; kept: 12.5, step 20',
    '  stale      dedupe, report: of files that have been replaced since, so not shown',
  ]);
  expect(data).toMatchObject({ accepted: [], stale: ['dedupe', 'report'] });
});

test('a training that went on, and one of a part of the parameters, say so', () => {
  const further = { earlier: { steps: 20, epochs: 1.5 }, trainedParameters: 25 };
  const finetune = { steps: 40, epochs: 2, stopReason: 'steps', bestStep: 20, parameters: 1000, ...losses };
  const [, line] = summarizeRun(finished(manifest({ finetune: { ...finetune, ...further } }), 1)).lines;
  expect(line).toBe(
    '  training   40 further steps, 2.00 epochs (60 steps, 3.50 epochs in all), 1,000 parameters, 25 of them trained (2.5%)',
  );
});

test.each([
  [
    { upper: 0.0641, holds: false },
    'recites: copies are at most 6.5 points more frequent than among held-out titles (95% confidence); see the report for what to do',
  ],
  [
    { upper: 0.0641, holds: false, outputsNeeded: 540 },
    'recites: copies are at most 6.5 points more frequent than among held-out titles (95% confidence); if the shares stay as they are, it takes 540 outputs in all at least to tell',
  ],
  [
    { upper: 0.0641, holds: false, heldOutNeeded: 310 },
    'recites: copies are at most 6.5 points more frequent than among held-out titles (95% confidence); if the shares stay as they are, it takes 310 held-out titles and as many outputs at least to tell',
  ],
  [
    { upper: -0.001, holds: true },
    'has learned anything: copies are no more frequent than among held-out titles (95% confidence); see the report for what to do',
  ],
])('where there is not enough to tell, the bound %j is said', (bound, said) => {
  const report = { verdict: 'unknown', copyShare: 0, excess: { share: 0, low: -0.1, high: 0.1 }, bound };
  const { lines } = summarizeRun(finished(manifest({ report }), 1));
  expect(lines).toContain(`  model      not enough to tell whether it ${said}`);
});
