import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { pages } from './pages.js';

const more = ['CHANGELOG.md', 'CONTRIBUTING.md', 'docs/gallery/README.md', 'data/base/README.md'];
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** A page without its blocks and words of code, in which nothing is a link or a heading. */
const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');

/** The anchors of a page's headings, as GitHub makes them: https://github.com/gjtorikian/html-pipeline, toc_filter. */
function anchorsOf(path: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(read(path)).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
    const anchor = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

interface Link {
  readonly place: string;
  readonly file: string;
  readonly anchor: string | undefined;
}

function linksOf(page: string): Link[] {
  const text = withoutBlocks(read(page)).replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].map(
    ([link, to = '', anchor]) => ({
      place: `${page}: ${link}`,
      file: to === '' ? page : normalize(join(dirname(page), to)),
      anchor,
    }),
  );
}

const all = [...pages, ...more].flatMap(linksOf);

test('links of the docs lead to files that are there', () => {
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter(({ file }) => !existsSync(join(packageRoot, file))).map(({ place }) => place)).toEqual(
    [],
  );
});

test('links to a part of a page lead to a heading that is there', () => {
  const within = all.filter(({ anchor, file }) => anchor !== undefined && file.endsWith('.md'));
  expect(within.length).toBeGreaterThan(60);
  const broken = within.filter(({ file, anchor = '' }) => !anchorsOf(file).has(anchor));
  expect(broken.map(({ place }) => place)).toEqual([]);
});
