import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/report/build-report.js';
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
