import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { usageError } from '../src/common/errors.js';
import { writeChunksAtomic } from '../src/io/atomic-file.js';
import { packageRoot } from '../src/io/package-root.js';
import { writeTar } from '../src/io/tar.js';

const built = join(packageRoot, 'dist');

/**
 * A declaration file as others may rely on it: without comments, and without private members, by which the same class of two
 * versions would be two classes.
 */
function publicPart(declarations: string): string {
  return declarations
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/^ *(?:private (?!constructor)|#private).*\n/gm, '')
    .replace(/\n\s*\n/g, '\n');
}

/** Declaration files that the doors of the built package lead to, by their paths in it: the part that others may rely on. */
export function declarationFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const visit = (path: string): void => {
    const name = relative(built, path).replaceAll('\\', '/');
    if (files.has(name)) return;
    const text = publicPart(readFileSync(path, 'utf8'));
    files.set(name, Buffer.from(text));
    for (const [, target = ''] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g))
      visit(resolve(dirname(path), target.replace(/\.js$/, '.d.ts')));
  };
  for (const door of ['index.d.ts', 'browser.d.ts']) visit(join(built, door));
  return files;
}

/** `npm run tool -- recorded-types --to FILE.tar.gz`: keeps the types of the built package, which later versions are compared with. */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { to: { type: 'string' } } });
  if (values.to === undefined) throw usageError('recorded-types needs --to FILE.tar.gz.');
  const files = [...declarationFiles()].sort(([one], [other]) => (one < other ? -1 : 1));
  const entries = files.map(([name, content]) => ({ name, size: content.length, content: [content] }));
  await writeChunksAtomic(
    resolve(values.to),
    Readable.from(writeTar(entries)).pipe(createGzip({ level: 9 })),
  );
  console.log(`Wrote ${values.to}: ${entries.length} files`);
}
