import { describe, expect, it } from 'vitest';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { buildReport } from '../../src/report/build-report.js';
import type { ReportInput } from '../../src/report/report-figures.js';
import { exampleInput, inventTitles } from './example.js';
import { reportSchema, schemaFaults } from './report-schema.js';

type Schema = { readonly [keyword: string]: unknown };

/** Every schema inside a schema, itself included, with the path that leads there. */
function* schemasIn(value: unknown, path = ''): Generator<[string, Schema]> {
  if (typeof value !== 'object' || value === null) return;
  if (path === '' || /(?:^|\/)(?:properties|\$defs)\/[^/]+$/.test(path)) yield [path, value as Schema];
  for (const [key, inner] of Object.entries(value))
    yield* schemasIn(inner, path === '' ? key : `${path}/${key}`);
}

/** What training measures beside its losses. */
function measuredFurther({ judgement }: ReportInput): Pick<ReportInput, 'overfit' | 'canaries'> {
  const titles = Array.from({ length: 60 }, (_, index) => index);
  const scored = { of: 60, titles, tokens: titles.map(() => 10), bytes: titles.map(() => 40) };
  const worse = (by: number): number[] => titles.map((index) => 50 + by + (index % 7));
  const baselines = { start: worse(30), unigram: worse(20), trigram: worse(10) };
  const losses = {
    step: 100,
    start: 'pretrained',
    vocabularySize: 4096,
    seed: 1,
    baselineTitles: 500,
    heldOut: { ...scored, model: worse(0), ...baselines },
    training: { ...scored, model: worse(-5), ...baselines },
  } as const;
  const share = { count: 1, share: 0.1, low: 0.01, high: 0.4 };
  return {
    overfit: overfitStatistics(judgement.verdicts, judgement.heldOut, { losses }),
    canaries: {
      passes: 3.5,
      references: 1999,
      groups: [{ repeats: 1, total: 10, known: share, exposure: 1.25, traced: share }],
    },
  };
}

describe('docs/report.schema.json', () => {
  const outputs = inventTitles(80, 'outputs');

  it('describes every property, and allows no other', () => {
    const described = [...schemasIn(reportSchema)];
    expect(described.length).toBeGreaterThan(100);
    expect(described.filter(([, { description }]) => !/^[A-Z0-9−].*\.$/.test(String(description)))).toEqual(
      [],
    );
    const open = described.filter(
      ([, inner]) => inner['properties'] && inner['additionalProperties'] !== false,
    );
    expect(open).toEqual([]);
  });

  it('holds for the figures of runs of all kinds', async () => {
    const baseTitles = {
      size: 2_000_000,
      falsePositiveRate: 2 ** -14,
      has: (title: string) => title.length % 2 === 0,
    };
    for (const more of [
      {},
      { trained: false },
      { baseTitles },
      { outputs: [] },
      { outputs: ['', 'What?', 'a\nb'], heldOut: [] },
    ]) {
      expect(schemaFaults(buildReport(await exampleInput({ outputs, ...more })))).toEqual([]);
    }
    const input = await exampleInput({ outputs });
    const figures = buildReport({ ...input, ...measuredFurther(input) });
    expect(schemaFaults(figures)).toEqual([]);
    // So that nothing optional goes unchecked.
    const optional = [figures.membership, figures.wordings, figures.canaries, figures.overfit.losses];
    expect(optional).not.toContain(undefined);
  });

  it('refuses figures that lack something, have something else, or are of another format', async () => {
    const figures = buildReport(await exampleInput({ outputs }));
    const { overfit, ...without } = figures;
    expect(schemaFaults(without)).not.toEqual([]);
    expect(schemaFaults({ ...figures, format: 3 })).not.toEqual([]);
    expect(schemaFaults({ ...figures, overfit: { ...overfit, verdict: 'fine' } })).not.toEqual([]);
    expect(schemaFaults({ ...figures, run: { ...figures.run, path: '/x' } })).not.toEqual([]);
  });
});
