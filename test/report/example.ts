import type { CanaryFindings } from '../../src/common/canaries.js';
import type { Verdict } from '../../src/common/judgement.js';
import { createRandom } from '../../src/common/random.js';
import type { BaseTitles } from '../../src/dedupe/base-titles.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { baseStatistics, overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { reportAssets } from '../../src/pipeline/stages/report.js';
import type { ReportFigures, ReportInput, SampledCopies } from '../../src/report/report-figures.js';
import { renderReport } from '../../src/report/report-page.js';

const people = [
  'bakers',
  'night nurses',
  'bus drivers',
  'librarians',
  'beekeepers',
  'people who live alone',
  'plumbers',
];
const openings = [
  'what is the',
  'what was your',
  'which is the',
  'who told you about the',
  'when did you see the',
];
const adjectives = [
  'strangest',
  'kindest',
  'most useless',
  'best kept',
  'loudest',
  'smallest',
  'most expensive',
];
const things = [
  'mistake',
  'secret',
  'habit',
  'rule',
  'present',
  'lie',
  'advice',
  'noise',
  'joke',
  'surprise',
];
const endings = [
  'at work?',
  'of your childhood?',
  'you ever heard?',
  'on a first day?',
  'nobody talks about?',
];

/** Invented titles, always the same for the same use. */
export function inventTitles(count: number, use: string): string[] {
  const random = createRandom(7, 'report example', use);
  const pick = (words: readonly string[]) => words[random.integer(words.length)]!;
  return Array.from({ length: count }, () => {
    const parts = [
      pick(people),
      ',',
      ' ',
      pick(openings),
      ' ',
      pick(adjectives),
      ' ',
      pick(things),
      ' ',
      pick(endings),
    ];
    const title = parts.join('');
    return title[0]!.toUpperCase() + title.slice(1);
  });
}

/** A verdict of a few properties; the others say nothing. */
export function verdict(index: number, given: Partial<Verdict>): Verdict {
  const { text = `text ${index}`, rating = 0.5 } = given;
  const nothing = { reason: undefined, evidence: undefined, second: undefined, repeats: undefined };
  const matched = `title ${index}`;
  return { index, text, rating, matched, closestRating: rating, copied: false, ...nothing, ...given };
}

export interface ExampleOptions {
  readonly outputs: readonly string[];
  readonly train?: readonly string[];
  readonly heldOut?: readonly string[];
  readonly synthetic?: boolean;
  readonly trained?: boolean;
  /** Of a model that descends from the base model. */
  readonly baseTitles?: BaseTitles;
  readonly keepBaseCopies?: boolean;
  readonly canaries?: CanaryFindings;
}

/** What a finished run would hand to the report, judged by the real dedupe. */
export async function exampleInput(options: ExampleOptions): Promise<ReportInput> {
  const train = options.train ?? inventTitles(900, 'train');
  const heldOutTitles = options.heldOut ?? inventTitles(100, 'held out');
  const judgement = await dedupe(
    options.outputs.map((text, i) => ({ index: i, text })),
    train,
    { heldOut: heldOutTitles, baseTitles: options.baseTitles, keepBaseCopies: options.keepBaseCopies },
  );
  const trained = options.trained ?? true;
  return {
    runName: 'askreddit',
    subreddit: 'askreddit',
    source: { description: 'bundled sample of synthetic posts', synthetic: options.synthetic ?? false },
    model: { name: 'nano' },
    seed: 1,
    options: { temperature: 0.7, 'top-k': 0, nsamples: options.outputs.length, truncate: '<|endoftext|>' },
    given: [{ name: 'temperature', value: '0.7' }],
    titlesmithVersion: '1.0.0',
    begun: '2026-11-27',
    decisions: [
      { name: 'model', choice: 'nano', reason: 'named with --model', description: null },
      {
        name: 'device',
        choice: 'onnxruntime cpu',
        reason: 'no graphics card was found',
        description: 'EPYC',
      },
    ],
    ...(trained ? { trainedOn: 'onnxruntime cpu', settings: settings() } : {}),
    counts: {
      extract: {
        extracted: 1180,
        kept: 1000,
        droppedByReason: { 'exact duplicate': 130, 'shorter than 8': 38, deleted: 12 },
      },
      dataset: { train: train.length, validation: heldOutTitles.length },
      ...(trained
        ? {
            finetune: {
              steps: 800,
              plannedSteps: 1000,
              rowLength: 80,
              epochs: 11.4,
              stopReason: 'patience',
              initialValidationLoss: 7.62,
              bestValidationLoss: 2.31,
              bestStep: 600,
              finalValidationLoss: 2.37,
              parameters: 1_204_224,
            },
          }
        : {}),
      generate: {
        generated: options.outputs.length,
        tokens: options.outputs.length * 14,
        byFinishReason: { stop: options.outputs.length - 2, length: 2 },
      },
    },
    metrics: trained ? metrics() : [],
    ...(trained ? { sampled: sampled(), tokensPerByte: { training: 0.25, heldOut: 0.26 } } : {}),
    judgement,
    overfit: overfitStatistics(judgement.verdicts, judgement.heldOut),
    base: baseStatistics(judgement.verdicts, judgement.heldOut),
    canaries: options.canaries,
  };
}

function metrics() {
  const random = createRandom(7, 'report example', 'metrics');
  return Array.from({ length: 80 }, (_, i) => {
    const step = (i + 1) * 10;
    const loss = 1.7 + 5.9 * Math.exp(-step / 90) + 0.12 * random.normal();
    const validationLoss = 2.1 + 5.5 * Math.exp(-step / 100) + 0.0000011 * Math.max(0, step - 400) ** 2;
    if (step % 50 !== 0) return { step, loss };
    const nearCopyShare = Math.round(32 / (1 + Math.exp((620 - step) / 60))) / 32;
    return { step, loss, validationLoss, nearCopyShare };
  });
}

function settings() {
  const values = {
    'batch-size': 16,
    'accumulate-gradients': 2,
    'learning-rate': 0.002,
    dropout: 0.1,
    'max-epochs': 5,
  };
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}

/** The copies among the samples of {@link metrics}, of 32 texts each. */
function sampled(): SampledCopies[] {
  return metrics().flatMap(({ step, nearCopyShare }) => {
    if (nearCopyShare === undefined) return [];
    const { share, low, high } = wilsonShare(Math.round(32 * nearCopyShare), 32);
    return [{ step, texts: 32, share, low, high }];
  });
}

/** The page as a run writes it, with the bundled style and script. */
export function reportPage(figures: ReportFigures): string {
  return renderReport(figures, reportAssets());
}
