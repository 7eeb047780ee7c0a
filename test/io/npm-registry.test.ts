import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheFolder } from '../../src/io/cache-folder.js';
import { isNpmOffline, npmRegistry } from '../../src/io/npm-registry.js';
import { temporaryFolder } from '../cli/run-cli.js';

/** A project that has installed a package, and the settings of its user. */
function project(own: string, user: string): { folder: string; environment: NodeJS.ProcessEnv } {
  const root = temporaryFolder();
  const folder = join(root, 'node_modules/.pnpm/titlesmith@1/node_modules/titlesmith');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, '.npmrc'), own);
  writeFileSync(join(root, 'user'), user);
  return { folder, environment: { npm_config_userconfig: join(root, 'user'), TOKEN: 't0ken' } };
}

describe("npm's registry", () => {
  test.each([
    ["the user's", '', 'registry = "https://a.example/npm/"\n', {}, 'https://a.example/npm', {}],
    [
      "the project's before the user's",
      '; a comment\nregistry=https://b.example\n',
      'registry=https://a.example',
      {},
      'https://b.example',
      {},
    ],
    [
      'the variable before both',
      'registry=https://b.example',
      '',
      { NPM_CONFIG_REGISTRY: 'https://c.example/x/' },
      'https://c.example/x',
      {},
    ],
    [
      'a token by the longest path that is named',
      'registry=https://b.example/npm/all/',
      `//b.example/:_authToken=no\n//b.example/npm/:_authToken=\${TOKEN}`,
      {},
      'https://b.example/npm/all',
      { Authorization: 'Bearer t0ken' },
    ],
    [
      'no token of another host',
      'registry=https://b.example/',
      '//a.example/:_authToken=no',
      {},
      'https://b.example',
      {},
    ],
    [
      'basic',
      'registry=https://b.example/',
      '//b.example/:_auth=YTpi',
      {},
      'https://b.example',
      { Authorization: 'Basic YTpi' },
    ],
    [
      'credentials in the address, which is shown without them',
      'registry=https://me:p%40ss@b.example/',
      '',
      {},
      'https://b.example',
      { Authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` },
    ],
  ])('is %s', (_, own, user, more, address, headers) => {
    const { folder, environment } = project(own, user);
    expect(npmRegistry(folder, { ...environment, ...more })).toEqual({ address, headers });
  });

  test.each([
    'node_modules/titlesmith',
    'node_modules/.pnpm/titlesmith@1/node_modules/titlesmith',
    '.yarn/unplugged/titlesmith-virtual-1/node_modules/titlesmith',
    '.yarn/cache/titlesmith-1.zip/node_modules/titlesmith',
  ])("is the project's where a package is kept in %s", (place) => {
    const root = temporaryFolder();
    writeFileSync(join(root, '.npmrc'), 'registry=https://b.example');
    const environment = { npm_config_userconfig: join(root, 'none') };
    expect(npmRegistry(join(root, place), environment).address).toBe('https://b.example');
  });

  test.skipIf(process.platform === 'win32')('is what npm says where no setting names one', () => {
    const { folder, environment } = project('', '');
    const bin = temporaryFolder();
    const withNpm = (script: string): NodeJS.ProcessEnv => {
      writeFileSync(join(bin, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return { ...environment, PATH: bin };
    };
    const answers = withNpm('[ "$*" = "config get registry" ] && echo https://d.example/npm/');
    expect(npmRegistry(folder, answers)).toEqual({ address: 'https://d.example/npm', headers: {} });
    for (const script of ['exit 1', 'exit 0'])
      expect(() => npmRegistry(folder, withNpm(script))).toThrow('npm does not say which registry');
    expect(() => npmRegistry(folder, { ...environment, PATH: temporaryFolder() })).toThrow(
      'npm does not say which registry',
    );
  });

  test.each(['registry', 'file:///etc', 'ftp://a.example'])('%s is refused', (text) => {
    expect(() => npmRegistry('/nowhere', { npm_config_registry: text })).toThrow(/which is no URL/);
  });

  test('offline', () => {
    expect([isNpmOffline({}), isNpmOffline({ npm_config_offline: 'true' })]).toEqual([false, true]);
  });
});

test.each([
  ['linux', { XDG_CACHE_HOME: '/x' }, '/x/titlesmith'],
  ['linux', { TITLESMITH_CACHE: '/own', XDG_CACHE_HOME: '/x' }, '/own'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/titlesmith'],
  ['darwin', {}, expect.stringMatching(/Library.Caches.titlesmith$/)],
  ['linux', {}, expect.stringMatching(/\.cache.titlesmith$/)],
] as const)('the cache on %s with %o', (platform, environment, folder) => {
  expect(cacheFolder(environment, platform)).toEqual(folder);
});
