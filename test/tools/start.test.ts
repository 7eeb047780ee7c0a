import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package whose build copies its source, and says so on standard output as a compiler does. */
function makePackage(): void {
  for (const part of ['src/inner', 'tools', 'dist/client'])
    mkdirSync(join(folder, part), { recursive: true });
  cpSync(join(packageRoot, 'tools/start.mjs'), join(folder, 'tools/start.mjs'));
  const build = 'node build.mjs';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts: { build } }));
  writeFileSync(join(folder, 'src/inner/old.js'), '');
  write('console.log("one", ...process.argv.slice(2));');
  writeFileSync(
    join(folder, 'build.mjs'),
    `import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
console.log('compiling');
if (readFileSync('src/cli.js', 'utf8').includes('wrong')) process.exit(7);
copyFileSync('src/cli.js', 'dist/cli.js');
writeFileSync('dist/client/report.js', '');`,
  );
}

const write = (text: string): void => writeFileSync(join(folder, 'src/cli.js'), text);

/** Gives what was built, or a source, an age in seconds. */
function age(path: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(folder, path), time, time);
}

function start(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/start.mjs', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('npm run builds where sources are newer than what was built, says so, and else does not', () => {
  makePackage();
  const first = start('list', '--json');
  expect(first).toMatchObject({ status: 0, stdout: 'one list --json\n' });
  expect(first.stderr).toContain('Building titlesmith, as it was not built yet …');
  for (const path of ['src', 'src/inner', 'src/inner/old.js', 'src/cli.js', 'package.json']) age(path, 60);
  age('dist/client/report.js', 30);
  expect(start('list')).toEqual({ status: 0, stdout: 'one list\n', stderr: '' });

  write('console.log("two");');
  const second = start('list');
  expect(second.stdout).toBe('two\n');
  expect(second.stderr).toContain('Building titlesmith, as its sources have changed …');

  // A source that is gone changes the folder that it was in alone.
  for (const path of ['src', 'src/inner', 'src/cli.js']) age(path, 60);
  age('dist/client/report.js', 30);
  expect(start('list').stderr).toBe('');
  rmSync(join(folder, 'src/inner/old.js'));
  expect(start('list').stderr).toContain('its sources have changed');
});

test('a build that fails is the end, and what was built stays', () => {
  write('console.log("wrong");');
  age('dist/client/report.js', 30);
  const { status, stdout, stderr } = start('list');
  expect([status, stdout]).toEqual([7, '']);
  expect(stderr).toContain('compiling');
  expect(readFileSync(join(folder, 'dist/cli.js'), 'utf8')).toContain('two');
});

test('every command of package.json is started so', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  for (const name of ['pipeline', 'generate', 'list', 'batch', 'import'])
    expect(scripts[name]).toBe(`node tools/start.mjs ${name}`);
});
