import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-standing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Extracts `titles.csv` from where npm says that the person stands; the process itself starts elsewhere. */
function extract(started: string, manifest: string, name: string): string {
  const titles = Array.from({ length: 40 }, (_, index) => `A title of number ${index}`);
  writeFileSync(join(folder, 'stands.csv'), ['title', ...titles].join('\n'));
  const words = `pipeline --input stands.csv --until extract --runs-dir runs --run-name ${name}`.split(' ');
  execFileSync(process.execPath, [join(packageRoot, 'dist', 'cli.js'), ...words], {
    cwd: started,
    env: { ...process.env, INIT_CWD: folder, npm_package_json: manifest },
    stdio: 'pipe',
  });
  return join(folder, 'runs', name, 'titles.csv');
}

const manifest = join(packageRoot, 'package.json');

test('a script of this package reads and writes from where npm run was typed', () => {
  expect(existsSync(extract(packageRoot, manifest, 'found'))).toBe(true);
});

test('a script of another package, or a command in another folder, stays where it is', () => {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  expect(() => extract(elsewhere, manifest, 'a')).toThrow(/stands\.csv: no such file/);
  expect(() => extract(packageRoot, join(folder, 'package.json'), 'b')).toThrow(/stands\.csv: no such file/);
});
