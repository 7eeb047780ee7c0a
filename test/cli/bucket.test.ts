import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeStorage, findFakeStorage, startFakeStorage } from '../archive/fake-storage.js';
import { lastingFiles } from './batch-fixture.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const program = findFakeStorage();
if (program === undefined) {
  console.log(
    'Skipped: archives in a bucket. fake-gcs-server is not here; .ci/install-test-tools installs it.',
  );
}

describe.skipIf(program === undefined)('a bucket', () => {
  const folder = temporaryFolder();
  let storage: FakeStorage;
  const cli = (...arguments_: string[]) =>
    runCli(arguments_, folder, { STORAGE_EMULATOR_HOST: storage.address });

  beforeAll(async () => {
    storage = await startFakeStorage(program!, 'models');
    writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(60)));
    const size = ['--until', 'dataset', '--runs-dir', 'here', '--run-name', 'mine'];
    expect((await cli('pipeline', '--input', 'titles.csv', ...size)).code).toBe(0);
  });
  afterAll(() => storage?.stop());

  test('takes a run and gives it back', async () => {
    const there = await cli('export', 'here/mine', 'gs://models/weekly/');
    expect(there.output).toBe('gs://models/weekly/mine.tar.gz: mine\n');
    const back = await cli('import', 'gs://models/weekly/mine.tar.gz', '--runs-dir', 'back');
    expect(back.errors).not.toContain('Error');
    expect(back.code).toBe(0);
    expect(lastingFiles(join(folder, 'back/mine'))).toEqual(lastingFiles(join(folder, 'here/mine')));
  });

  test('says what is wrong: no such object, no name', async () => {
    const none = await cli('import', 'gs://models/none.tar.gz');
    expect(lastLine(none)).toMatch(/Cannot read gs:\/\/models\/none\.tar\.gz: there is no such object/);
    const name = await cli('export', 'here/mine', 'gs://models');
    expect(lastLine(name)).toMatch(/names a bucket, but no object in it/);
    expect([none.code, name.code]).toEqual([1, 2]);
  });
});

describe('a bucket that lets nobody in', () => {
  const folder = temporaryFolder();
  test.each([
    [401, /there are no valid Google credentials\. Log in with: gcloud auth application-default login\.$/],
    [403, /access is denied\. Check that the account may use this bucket\.$/],
  ])('and answers %i', async (status, line) => {
    const server = createServer((_, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const words of [
      ['import', 'gs://models/mine.tar.gz'],
      ['batch', 'merge', 'gs://models/weekly'],
    ]) {
      const finished = await runCli(words, folder, { STORAGE_EMULATOR_HOST: address });
      expect(lastLine(finished)).toMatch(line);
      expect(finished.errors.trimEnd().split('\n')).toHaveLength(1);
      expect(finished.code).toBe(1);
    }
    server.close();
  });
});
