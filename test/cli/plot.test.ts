import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { decodePng } from '../report/png.js';
import { copyRun, makeTemplate, treeOf } from './finished-run.js';
import { runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const inFolder = (path: string): string => join(folder, path);
const read = (path: string): string => readFileSync(inFolder(path), 'utf8');

beforeAll(async () => {
  await makeTemplate(folder);
  copyRun(folder, 'twin');
  // As a training leaves it that was stopped before it was ever done.
  copyRun(folder, 'stopped');
  const manifest = JSON.parse(read('runs/stopped/run.json'));
  for (const stage of ['generate', 'dedupe', 'report']) delete manifest.stages[stage];
  manifest.stages.finetune = {
    ...manifest.stages.finetune,
    status: 'interrupted',
    counts: undefined,
    outputs: undefined,
  };
  writeFileSync(inFolder('runs/stopped/run.json'), JSON.stringify(manifest));
  mkdirSync(inFolder('runs/stopped/next/finetune'), { recursive: true });
  renameSync(inFolder('runs/stopped/metrics.jsonl'), inFolder('runs/stopped/next/finetune/metrics.jsonl'));
  for (const name of ['title-losses.json', 'judgement.json', 'samples'])
    rmSync(inFolder(`runs/stopped/${name}`), { recursive: true });
});

interface Point {
  readonly x: number;
  readonly y: number;
}

const pathOf = (svg: string, color: string): Point[] => {
  const [, path = ''] = new RegExp(
    `<path fill="none" stroke="${color}"[^>]*d="M([\\d.,LMH]+)"/>(?!<text)`,
  ).exec(svg)!;
  return path.split('L').map((pair) => {
    const [x = 0, y = 0] = pair.split(',').map(Number);
    return { x, y };
  });
};

/** What an axis says at two places: the first and last tick with a label. */
function ticks(svg: string, anchor: 'middle' | 'end'): [at: number, value: number][] {
  const found = [
    ...svg.matchAll(
      /<text fill="[^"]*"\s+x="([\d.]+)" y="([\d.]+)"(?: dy="0.32em")? text-anchor="(\w+)">([\d.,]+)</g,
    ),
  ]
    .filter(([, , , where]) => where === anchor)
    .map(([, x, y, , text = '']): [number, number] => [
      Number(anchor === 'middle' ? x : y),
      Number(text.replace(',', '')),
    ]);
  return [found[0]!, found.at(-1)!];
}

function between(known: readonly (readonly [at: number, value: number])[], at: number): number {
  const [[from, first], [to, last]] = [known[0]!, known.at(-1)!];
  return first + ((at - from) / (to - from)) * (last - first);
}

test('the lines of losses are the losses of metrics.jsonl, by the numbers on the axes', async () => {
  const { code, output } = await runCli(['plot', 'runs/template'], folder);
  expect(code).toBe(0);
  const names = ['losses', 'copies', 'learning-rate', 'ratings', 'title-losses'].map((name) => `${name}.svg`);
  expect(output).toBe(names.map((name) => `runs/template/plots/${name}\n`).join(''));
  expect(readdirSync(inFolder('runs/template/plots')).sort()).toEqual(names.sort());
  const metrics = read('runs/template/metrics.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { training, heldOut } = JSON.parse(read('runs/template/title-losses.json'));
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const svg = read('runs/template/plots/losses.svg');
  const [steps, losses] = [ticks(svg, 'middle'), ticks(svg, 'end')];
  const logarithms = losses.map(([at, value]): [number, number] => [at, Math.log(value)]);
  for (const [color, key, titles] of [
    ['#b3431f', 'loss', training],
    ['#2f6285', 'validationLoss', heldOut],
  ]) {
    const wanted = metrics.filter((line) => line[key] !== undefined);
    const perByte = sum(titles.tokens) / sum(titles.bytes) / Math.LN2;
    const drawn = pathOf(svg.slice(svg.indexOf('logarithmic')), color).slice(-wanted.length);
    expect(drawn).toHaveLength(wanted.length);
    for (const [index, { x, y }] of drawn.entries()) {
      expect(between(steps, x)).toBeCloseTo(wanted[index].step, 1);
      // Ticks are written with two digits or more.
      expect(Math.exp(between(logarithms, y)) / (wanted[index][key] * perByte)).toBeCloseTo(1, 1);
    }
  }
  const rates = read('runs/template/plots/learning-rate.svg');
  const highest = Math.min(
    ...pathOf(rates.slice(rates.indexOf('training steps')), 'currentColor').map(({ y }) => y),
  );
  expect(rates).toContain(
    `template: ${Math.max(...metrics.map(({ learningRate }) => learningRate ?? 0)).toExponential(1)} at most`,
  );
  expect(highest).toBeGreaterThan(0);
});

test('a stage is up to date as before, as pictures are no part of what it made', async () => {
  const before = treeOf(inFolder('runs/twin'), (name) => name.startsWith('plots'));
  expect((await runCli(['plot', 'runs/twin', '--plots', 'ratings'], folder)).code).toBe(0);
  expect(treeOf(inFolder('runs/twin'), (name) => name.startsWith('plots'))).toEqual(before);
  const { output } = await runCli(['list'], folder);
  expect(output).not.toMatch(/^twin .*stale/m);
});

test('a PNG has the size that is asked for, colours of the theme, text, and says what made it', async () => {
  const words = ['--format', 'png', '--plots', 'losses,ratings', '--output', 'pictures'];
  const size = ['--width', '500', '--height', '300', '--scale', '1.5', '--theme', 'dark'];
  const { code, output } = await runCli(['plot', 'runs/template', ...words, ...size, '--json'], folder);
  expect(code).toBe(0);
  const { pictures } = JSON.parse(output.trim().split('\n').at(-1)!);
  expect(pictures.map(({ path }: { path: string }) => path)).toEqual([
    'pictures/losses.png',
    'pictures/ratings.png',
  ]);
  for (const { path, width, height } of pictures) {
    const png = decodePng(readFileSync(inFolder(path)));
    expect([png.width, png.height]).toEqual([width, height]);
    expect([width, height]).toEqual([750, 450]);
    expect(png.texts.get('Software')).toBe('titlesmith plot');
    // Where the title stands, in the ink of the dark theme.
    const rows = png.bytes.subarray(4 * width * 45, 4 * width * 75);
    let [ground, ink] = [0, 0];
    for (let i = 0; i < rows.length; i += 4) {
      const [red = 0, green = 0, blue = 0, opacity = 0] = rows.subarray(i, i + 4);
      expect(opacity).toBe(255);
      if (red === 0x1f && green === 0x1d && blue === 0x1b) ground++;
      if (red > 0xd0 && green > 0xd0 && blue > 0xc8) ink++;
    }
    expect(ground).toBeGreaterThan(10_000);
    expect(ink).toBeGreaterThan(300);
  }
  const again = await runCli(['plot', 'runs/template', ...words, ...size], folder);
  expect(again.code).toBe(0);
});

test('several runs share a picture; what one of them lacks is said', async () => {
  const { code, output, errors } = await runCli(
    ['plot', 'runs/template', 'runs/twin', 'runs/stopped'],
    folder,
  );
  expect(code).toBe(0);
  expect(output).toMatch(/^plots\/copies\.svg$/m);
  expect(errors).toContain(
    'no losses: the losses of some are in bits a byte, those of others in bits a token',
  );
  expect(errors).toContain('stopped: its training is not done; what it has measured so far is drawn.');
  expect(errors).toMatch(/^stopped: no ratings: its outputs are not judged yet/m);
  expect(errors).toMatch(/^stopped: no title-losses: /m);
  const svg = read('plots/copies.svg');
  for (const name of ['template', 'twin', 'stopped']) expect(svg).toContain(`>${name}</text>`);
  expect(read('plots/ratings.svg')).not.toContain('stopped');
  expect((await runCli(['plot', 'runs/template', 'runs/twin', '--plots', 'losses'], folder)).code).toBe(0);
  expect(read('plots/losses.svg').match(/stroke="currentColor"/g)).toHaveLength(2 * 2);
  const alone = await runCli(['plot', 'runs/stopped', '--output', 'alone.svg', '--plots', 'losses'], folder);
  expect(alone.output).toBe('alone.svg\n');
  // Once it has saved, its tokens are known to be theirs: all are drawn a token, on the page of compare too.
  cpSync(inFolder('runs/template/checkpoint'), inFolder('runs/stopped/next/finetune/checkpoint'), {
    recursive: true,
  });
  const both = ['runs/template', 'runs/stopped'];
  expect((await runCli(['plot', ...both, '--plots', 'losses'], folder)).code).toBe(0);
  expect(read('plots/losses.svg')).toContain('held-out loss, bits a token');
  const paged = await runCli(['compare', ...both, '--page', 'both.html'], folder);
  expect(paged.output).toContain('stopped: its training is not done; what it has measured so far is drawn.');
  expect(read('both.html').match(/<path class="line"/g)).toHaveLength(2 * 2);
});

test.each([
  [['plot'], /plot needs <run-folder>/],
  [['plot', 'nowhere'], /nowhere is no run: there is no such folder/],
  [['plot', 'titles.csv'], /titles\.csv/],
  [['plot', 'runs/template', '--plots', 'nosuch'], /--plots got "nosuch"/],
  [['plot', 'runs/template', '--width', '20'], /--width got "20"/],
  [['plot', 'runs/template', '--output', 'a.svg'], /one file for 5 pictures\. Name one of them with --plots/],
  [['plot', 'runs/template', '--output', 'a.svg', '--format', 'png'], /but --format is png/],
  [['plot', 'runs/template', '--output', 'titles.csv'], /titles\.csv is a file, not a folder/],
  [['plot', 'runs/template', '--plots', 'losses', '--output', 'titles.csv/a.svg'], /titles\.csv/],
  [
    ['plot', 'runs/template', '--plots', 'losses', '--output', 'mine.svg'],
    /is there and no picture of titlesmith/,
  ],
  [
    ['plot', 'runs/template', '--plots', 'losses', '--output', 'mine.png'],
    /is there and no picture of titlesmith/,
  ],
  [
    ['plot', 'runs/template', '--format', 'png', '--font', 'titles.csv'],
    /--font got "titles.csv", which holds no font/,
  ],
  [['plot', 'runs/template', '--format', 'png', '--font', 'no.ttf'], /Cannot read no\.ttf/],
  [
    ['plot', 'runs/template', '--font', 'no.ttf'],
    /--font is for PNGs, but SVGs are asked for\. Add --format png/,
  ],
  [['plot', 'runs/template', '--scale', '3', '--format', 'svg'], /--scale is for PNGs/],
  [
    ['plot', 'runs/template', '--plots', 'losses', '--output', 'a.PDF'],
    /"a\.PDF", but pictures are drawn as SVG/,
  ],
  [
    ['plot', 'runs/template', '--format', 'png', '--width', '4000', '--scale', '8', '--height', '4000'],
    /32000 x 32000 pixels/,
  ],
  [['plot', 'runs/stopped', '--plots', 'ratings'], /no ratings, as its outputs are not judged yet/],
  [
    ['plot', 'runs/stopped', '--plots', 'losses,ratings'],
    /Not all that is asked for can be drawn: no ratings/,
  ],
  [['plot', 'runs/broken'], /metrics\.jsonl:1 is damaged/],
  [['plot', 'runs/untrained'], /Nothing can be drawn: no losses, as it has measured no loss yet/],
] as const)('%j is refused in one line, and nothing is written', async (words, line) => {
  if (!existsSync(inFolder('mine.svg'))) {
    writeFileSync(inFolder('mine.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(inFolder('mine.png'), 'not ours');
    writeFileSync(inFolder(`${copyRun(folder, 'broken')}/metrics.jsonl`), '[]\n');
    const untrained = copyRun(folder, 'untrained');
    for (const name of ['metrics.jsonl', 'title-losses.json', 'judgement.json'])
      rmSync(inFolder(`${untrained}/${name}`));
    const manifest = JSON.parse(read(`${untrained}/run.json`));
    writeFileSync(
      inFolder(`${untrained}/run.json`),
      JSON.stringify({ ...manifest, stages: { extract: manifest.stages.extract } }),
    );
  }
  const before = treeOf(folder);
  const { code, output, errors } = await runCli([...words], folder);
  expect(code).not.toBe(0);
  expect(output).toBe('');
  expect(errors).toMatch(line);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(treeOf(folder)).toEqual(before);
});

test('a training of 100,000 steps is a picture of some kilobytes that keeps the peak, one that diverged a picture', async () => {
  copyRun(folder, 'long');
  const row = (step: number, values: string): string => `{"step":${step},"epoch":1,${values}}\n`;
  const steps = Array.from({ length: 100_000 }, (_, index) =>
    row(index + 1, `"loss":3,"learningRate":${index === 777 ? 0.5 : 0.1}`),
  );
  writeFileSync(inFolder('runs/long/metrics.jsonl'), steps.join(''));
  expect((await runCli(['plot', 'long'], folder)).code).toBe(0);
  const rates = read('runs/long/plots/learning-rate.svg');
  expect(rates.length).toBeLessThan(60_000);
  expect(rates).toContain('5.0e-1 at most');
  expect(read('runs/long/plots/losses.svg').length).toBeLessThan(60_000);
  const diverged = ['3', '1e300', 'null', '1e999'].map((loss, step) =>
    row(step + 1, `"loss":${loss},"validationLoss":${loss},"learningRate":1`),
  );
  writeFileSync(inFolder('runs/long/metrics.jsonl'), diverged.join(''));
  expect((await runCli(['plot', 'long', '--plots', 'losses'], folder)).code).toBe(0);
  expect(read('runs/long/plots/losses.svg')).not.toMatch(/NaN|Infinity|undefined/);
});
