import { TitlesmithError } from '../src/common/errors.js';

/** Runs one tool by name: `npm run tool -- structure`. What follows the name is the tool's own. */
const [name, ...rest] = process.argv.slice(2);
const tools: Readonly<Record<string, () => Promise<{ main(argv: readonly string[]): Promise<void> }>>> = {
  base: () => import('./base/round.js'),
  'base-train': () => import('./base/train.js'),
  'base-fingerprints': () => import('./base/fingerprints.js'),
  gallery: () => import('./gallery.js'),
  'gpt2-tokens': () => import('./gpt2-tokens.js'),
  'marked-words': () => import('./marked-words.js'),
  'options-page': () => import('./options-page.js'),
  'platform-packages': () => import('./platform-packages.js'),
  'recorded-runs': () => import('./recorded-runs.js'),
  'recorded-types': () => import('./recorded-types.js'),
  sample: () => import('./sample.js'),
  site: () => import('./site.js'),
  structure: () => import('./structure.js'),
};
const load = name === undefined ? undefined : tools[name];
if (load) {
  const tool = await load();
  await tool.main(rest).catch((error: unknown) => {
    const isMistyped =
      error instanceof TypeError && 'code' in error && /^ERR_PARSE_ARGS/.test(`${error.code}`);
    if (!(error instanceof TitlesmithError) && !isMistyped) throw error;
    process.stderr.write(`Error: ${error instanceof TitlesmithError ? error.toLine() : error.message}\n`);
    process.exitCode = isMistyped ? 2 : 1;
  });
} else {
  process.stderr.write(`Usage: npm run tool -- ${Object.keys(tools).join('|')} [arguments]\n`);
  process.exitCode = 2;
}
