import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import deviceConfiguration from '../../vitest.device.config.js';

test('all tests that npm run test:device names are there', () => {
  const patterns = deviceConfiguration.test?.include ?? [];
  expect(patterns.length).toBeGreaterThan(3);
  const missing = patterns.filter((pattern) => {
    if (!pattern.endsWith('/*.test.ts')) return !existsSync(join(packageRoot, pattern));
    const files = readdirSync(join(packageRoot, dirname(pattern)));
    return !files.some((file) => file.endsWith('.test.ts'));
  });
  expect(missing).toEqual([]);
});

test('and so are those of them that .ci/test-device runs in software', () => {
  const script = readFileSync(join(packageRoot, '.ci/test-device'), 'utf8');
  const [, named = ''] = /npm run test:device -- (.*)$/m.exec(script) ?? [];
  const paths = named.split(' ').filter((path) => path.startsWith('test/'));
  expect(paths.length).toBeGreaterThan(0);
  const files = readdirSync(join(packageRoot, 'test'), { recursive: true, encoding: 'utf8' });
  const tests = files
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\.test\.ts$/.test(file));
  expect(paths.filter((path) => !tests.some((file) => file.startsWith(path)))).toEqual([]);
});
