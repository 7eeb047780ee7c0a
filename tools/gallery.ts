import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { TitlesmithError } from '../src/common/errors.js';
import type { OverfitVerdict } from '../src/common/judgement.js';
import { packageRoot } from '../src/io/package-root.js';

/** A run of the gallery, all on the bundled sample. */
interface GalleryRun {
  readonly name: string;
  readonly verdict: OverfitVerdict;
  readonly options: readonly string[];
}

const sample = [
  '--source',
  'sample',
  '--subreddit',
  'askreddit',
  '--limit',
  '300',
  '--validation-share',
  '0.25',
  '--learning-rate',
  '1e-3',
  '--evaluate-every',
  '1000',
];

/** The same titles, read two, four and six times, with nothing to stop a training that learns them by heart. */
const galleryRuns: readonly GalleryRun[] = [
  { name: 'healthy', verdict: 'healthy', options: [...sample, '--max-epochs', '2'] },
  { name: 'leaning', verdict: 'leans', options: [...sample, '--max-epochs', '4'] },
  { name: 'reciting', verdict: 'overfits', options: [...sample, '--max-epochs', '6'] },
];

const folder = join(packageRoot, 'docs/gallery');
const entry = join(packageRoot, 'dist/cli.js');
const plots = ['losses', 'ratings', 'title-losses'];

async function titlesmith(...words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [entry, ...words], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new TitlesmithError(`titlesmith ${words[0]} ended with ${code}.`, { code: 'gallery' });
}

/** Makes a run, or takes it as it is where it is up to date, and puts its report and pictures into docs/gallery. */
async function make({ name, verdict, options }: GalleryRun, runs: string): Promise<void> {
  const run = join(runs, name);
  await titlesmith('pipeline', '--runs-dir', runs, '--run-name', name, ...options);
  const { overfit } = JSON.parse(readFileSync(join(run, 'report.json'), 'utf8'));
  if (overfit.verdict !== verdict)
    throw new TitlesmithError(`${name} is ${overfit.verdict}, not ${verdict}.`, { code: 'gallery' });
  const own = join(folder, name);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  copyFileSync(join(run, 'report.html'), join(own, 'report.html'));
  await titlesmith('plot', run, '--output', own, '--plots', plots.join(), '--format', 'svg');
}

/** The beginning of a report as a picture, by a Chromium. */
function photograph(name: string, chromium: string): void {
  const page = pathToFileURL(join(folder, name, 'report.html')).href;
  const picture = join(folder, name, 'report.png');
  const words = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--window-size=1000,1000',
  ];
  const { status, stderr } = spawnSync(chromium, [...words, `--screenshot=${picture}`, page], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new TitlesmithError(`${chromium}: ${stderr.trim()}`, { code: 'gallery' });
}

/**
 * `npm run -s tool -- gallery --runs FOLDER [--chromium PROGRAM]`: makes docs/gallery anew. Runs that are in the folder
 * and up to date are taken as they are. Without a Chromium the pictures of the reports stay away.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { runs: { type: 'string' }, chromium: { type: 'string' } },
  });
  if (values.runs === undefined)
    throw new TitlesmithError('gallery needs a folder for its runs.', {
      code: 'usage',
      hint: 'Name one with --runs.',
    });
  for (const run of galleryRuns) {
    await make(run, values.runs);
    if (values.chromium !== undefined) photograph(run.name, values.chromium);
  }
  await titlesmith(
    'plot',
    ...galleryRuns.map(({ name }) => join(values.runs!, name)),
    '--plots',
    'ratings,title-losses',
    '--format',
    'svg',
    '--output',
    folder,
  );
}
