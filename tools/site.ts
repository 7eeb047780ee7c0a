import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/io/package-root.js';
import { type BuiltSite, buildSite, total } from './site/build-site.js';
import type { WrittenFile } from './site/site-folder.js';

/** What the site may take, in bytes: transferred to any one browser, before the first training or texts, on disk. */
export const siteBudget = { transferred: 35_000_000, first: 400_000, disk: 70_000_000 } as const;

/** `npm run site`: builds the site into dist/site, and prints what it transfers. @throws Error when it is over its budget. */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      to: { type: 'string', default: join(packageRoot, 'dist/site') },
      base: { type: 'string', default: join(packageRoot, 'data/base') },
    },
  });
  const site = await buildSite(values);
  console.log(describe(site));
  console.log(`\nWrote ${values.to}: plain files for any host.`);
}

/** Sizes in kilobytes of 1,000 bytes, and the budget. */
function describe({ files, first, byDevice }: BuiltSite): string {
  const row = (name: string, { bytes, gzip, brotli }: Omit<WrittenFile, 'path'>): string =>
    [name.padEnd(62), ...[bytes, gzip, brotli].map((count) => (count / 1000).toFixed(1).padStart(10))].join(
      '',
    );
  const sum = (some: readonly WrittenFile[]) => ({
    bytes: total(some, 'bytes'),
    gzip: total(some, 'gzip'),
    brotli: total(some, 'brotli'),
  });
  const within = (bytes: number, limit: number): string => {
    if (bytes > limit) throw new Error(`The site takes ${bytes} bytes where it may take ${limit}.`);
    return `  of at most ${(limit / 1000).toFixed(0)}`;
  };
  return [
    `${'kB'.padEnd(62)}${['on disk', 'gzip', 'brotli'].map((name) => name.padStart(10)).join('')}`,
    ...files.map((file) => row(file.path, file)),
    '',
    row('before training or generating', sum(first)) + within(total(first, 'gzip'), siteBudget.first),
    ...[...byDevice].map(
      ([device, some]) =>
        row(`all that a browser loads: ${device}`, sum(some)) +
        within(total(some, 'gzip'), siteBudget.transferred),
    ),
    row('on disk', sum(files)) + within(total(files, 'bytes'), siteBudget.disk),
  ].join('\n');
}
