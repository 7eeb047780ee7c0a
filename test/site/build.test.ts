import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { total } from '../../tools/site/build-site.js';
import { siteBudget } from '../../tools/site.js';
import { buildTinySite } from './tiny-site.js';

/** The weights of the base model that ships, packed, take this many bytes more than the tiny one's. */
const baseWeights = 15_800_000;

describe('the built site', () => {
  let site: Awaited<ReturnType<typeof buildTinySite>>;
  beforeAll(async () => {
    site = await buildTinySite();
  });
  const read = (path: string): string => readFileSync(join(site.folder, path), 'utf8');

  test('keeps within what it may transfer and take on a disk', () => {
    expect(total(site.first, 'gzip')).toBeLessThan(siteBudget.first);
    for (const files of site.byDevice.values())
      expect(total(files, 'gzip') + baseWeights).toBeLessThan(siteBudget.transferred);
    expect(total(site.files, 'bytes') + baseWeights).toBeLessThan(siteBudget.disk);
  });

  test('names everything relative to its page, so that it may lie below any path', () => {
    const page = read('index.html');
    const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((address) => !/^(?:page-|data:|#copied$)/.test(address))).toEqual([]);
    expect(page).not.toMatch(/(?:src|href)="https?:/);
  });

  test('has a policy that lets it reach nothing but itself', () => {
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(
      read('index.html'),
    )!;
    const rules = Object.fromEntries(
      policy
        .replaceAll('&#39;', "'")
        .split('; ')
        .map((rule) => [rule.split(' ')[0]!, rule.split(' ').slice(1)]),
    );
    expect(rules['default-src']).toEqual(["'none'"]);
    expect(rules['connect-src']).toEqual(["'self'"]);
    expect(rules['script-src']!.filter((source) => !source.startsWith("'sha256-"))).toEqual([
      "'self'",
      "'wasm-unsafe-eval'",
    ]);
    expect(rules['form-action']).toEqual(["'none'"]);
  });

  test('packs what is large, and keeps the bytes of what it packs', () => {
    const { path } = site.files.find(({ path }) => path.startsWith('base/merges-'))!;
    const unpacked = gunzipSync(readFileSync(join(site.folder, path)));
    expect(unpacked.equals(readFileSync('data/base/merges.txt'))).toBe(true);
    // Code is loaded by the browser itself, which reads no file that is packed in the folder.
    const isData = ({ path: name }: { readonly path: string }): boolean => !/\.(?:js|packed)$/.test(name);
    expect(site.files.filter((file) => isData(file) && file.bytes > 500_000)).toEqual([]);
  });
});
