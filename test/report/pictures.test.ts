import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { type PlotName, plotNames } from '../../src/options/choices.js';
import { buildReport } from '../../src/report/build-report.js';
import { drawPlot, whyNotInOne } from '../../src/report/pictures/draw-plot.js';
import { isPicture } from '../../src/report/pictures/picture.js';
import { type PlottedRun, whyNot } from '../../src/report/pictures/plotted-run.js';
import { themes } from '../../src/report/pictures/themes.js';
import { exampleInput, inventTitles } from './example.js';

const look = { width: 720, height: 400, theme: 'light' } as const;
const { curve, distribution, overfit, rules, training } = buildReport(
  await exampleInput({ outputs: inventTitles(80, 'outputs') }),
);
const bits = (from: number): number[] => Array.from({ length: 90 }, (_, i) => from + i / 60);
const run: PlottedRun = {
  name: 'example',
  curve,
  bestStep: training!.bestStep,
  rates: Array.from({ length: 80 }, (_, i) => ({ step: 10 * i, value: 0.002 * (1 - i / 80) })),
  ratings: { bins: distribution, threshold: rules.threshold, ...overfit },
  titleBits: { heldOut: bits(1), training: bits(0.5) },
};
const empty: PlottedRun = {
  ...run,
  curve: { loss: [], validation: [], copies: [], tokensPerByte: null },
  rates: [],
  ratings: undefined,
  titleBits: undefined,
};

/** The names of all elements, from what a strict parser of XML makes of a picture; it throws for what is no XML. */
const parsed = (svg: string): string => new Resvg(svg).toString();

test.each(plotNames)(
  '%s stands alone: XML without classes, styles, variables or anything from elsewhere',
  (plot) => {
    for (const runs of [[run], [run, { ...run, name: 'other' }]])
      for (const theme of ['light', 'dark'] as const) {
        const svg = drawPlot(plot, runs, { ...look, theme });
        expect(parsed(svg)).toContain('<path');
        expect(isPicture(svg)).toBe(true);
        expect(svg).not.toMatch(/ class=| style=|var\(|<style|href|NaN|Infinity|undefined|null/);
        expect(svg).toContain(`fill="${themes[theme].card}"`);
        expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
        expect(drawPlot(plot, runs, { ...look, theme })).toBe(svg);
      }
  },
);

test('colours are those of the pages', () => {
  const css = readFileSync(join(packageRoot, 'src/web/client/base.css'), 'utf8');
  const valuesIn = (part: string): Record<string, string> =>
    Object.fromEntries(
      [...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
    );
  const [, light = '', dark = ''] = css.split(':root {');
  for (const [theme, part] of [
    ['light', light],
    ['dark', dark],
  ] as const)
    expect(valuesIn(part)).toMatchObject(themes[theme]);
});

test('every kind of line and area has a look', () => {
  const shapes = plotNames.flatMap((plot) => [
    drawPlot(plot, [run], look),
    drawPlot(plot, [run, { ...run, name: 'other' }], look),
  ]);
  for (const svg of shapes)
    for (const [element] of svg.matchAll(/<(?:path|circle|rect)[^>]*>/g))
      expect(element).toMatch(/ (?:fill="#|fill="currentColor"|stroke="#|stroke="currentColor")/);
});

test('names from outside are text: cut to the picture, and no XML of theirs', () => {
  const names = [
    '"><script>alert(1)</script>&amp;\u0000\ud800\ufffe',
    '長い名前'.repeat(80),
    'x'.repeat(400),
  ];
  const runs = names.map((name) => ({ ...run, name }));
  for (const plot of plotNames) {
    const svg = drawPlot(plot, runs, { ...look, width: 320 });
    expect(parsed(svg)).not.toContain('script');
    expect(svg).not.toContain('<script');
    for (const [, text = ''] of svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g))
      expect(text.replace(/&\w+;/g, '_').length).toBeLessThan(70);
  }
  const one = drawPlot('losses', [runs[2]!], look);
  expect(one).toMatch(/>x{60,110}…</);
});

test('a dozen runs have a legend of several rows, and each its line', () => {
  const runs = Array.from({ length: 12 }, (_, i) => ({ ...run, name: `run number ${i}` }));
  const svg = drawPlot('ratings', runs, look);
  for (const { name } of runs) expect(svg).toContain(`>${name}</text>`);
  const rows = [...svg.matchAll(/<g transform="translate\(\d+ (\d+)\)"><g/g)].map(([, y]) => Number(y));
  expect(new Set(rows).size).toBeGreaterThan(1);
  expect(svg.match(/stroke-dasharray="5 4"/g)).toHaveLength(2 * 6);
});

test('what a run lacks has a reason for every plot, and losses of two kinds are not drawn together', () => {
  for (const plot of plotNames) {
    expect(whyNot(plot, run, false)).toBeUndefined();
    expect(whyNot(plot, empty, false)).toMatch(/\w/);
  }
  const onlyTraining = { ...run, curve: { ...curve, validation: [] } };
  expect(whyNot('losses', onlyTraining, false)).toBeUndefined();
  expect(whyNot('losses', onlyTraining, true)).toContain('held-out loss');
  const inTokens = { ...run, curve: { ...curve, tokensPerByte: null } };
  expect(whyNotInOne('losses', [run, inTokens], true)).toContain('bits a byte');
  expect(whyNotInOne('losses', [inTokens, inTokens], null)).toContain('not known');
  expect(whyNotInOne('losses', [inTokens, inTokens], true)).toBeUndefined();
  expect(whyNotInOne('ratings', [run, inTokens], null)).toBeUndefined();
});

test('numbers that no training measures break no picture', () => {
  const points = Array.from({ length: 20_000 }, (_, step) => ({ step, loss: step % 7 }));
  const copies = [{ step: 3, share: 7, texts: null, low: null, high: null }];
  const odd: PlottedRun = {
    ...run,
    curve: { loss: [{ step: 5, loss: 0 }], validation: points, copies, tokensPerByte: null },
    rates: [{ step: 0, value: 0 }],
    titleBits: { heldOut: [0], training: [1e9] },
  };
  for (const plot of plotNames satisfies readonly PlotName[]) {
    const svg = drawPlot(plot, [odd], look);
    expect(svg).not.toMatch(/NaN|Infinity/);
    parsed(svg);
  }
  for (const loss of [0, 1e-300, Number.MAX_VALUE]) {
    const points = [0, 1, 2].map((step) => ({ step, loss }));
    const flat = { ...run, curve: { loss: points, validation: points, copies: [], tokensPerByte: null } };
    for (const runs of [[flat], [flat, { ...flat, name: 'other' }]])
      expect(drawPlot('losses', runs, look)).not.toMatch(/NaN|Infinity/);
  }
});
