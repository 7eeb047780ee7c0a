import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import type { ProgressEvent } from '../../../../src/common/progress.js';
import { packageRoot } from '../../../../src/io/package-root.js';
import { fetchRuntime } from '../../../../src/model/engine/onnxruntime/fetch-runtime.js';
import { temporaryFolder } from '../../../cli/run-cli.js';
import { archivePath, contents, makeArchive, needed, startRegistry } from './local-registry.js';

const archive = await makeArchive();
const settings = { needed, stallTimeoutMs: 10_000, attempts: 2, retryDelayMs: 1 };

const started: { stop(): void }[] = [];
afterEach(() => {
  for (const registry of started.splice(0)) registry.stop();
  vi.unstubAllEnvs();
});

/** A registry of that name for npm, and for this process. */
async function registryOf(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  prefix = '',
): Promise<Awaited<ReturnType<typeof startRegistry>>> {
  const registry = await startRegistry(answer);
  started.push(registry);
  vi.stubEnv('npm_config_registry', `${registry.address}${prefix}/`);
  return registry;
}

/** Fetches into a new place. */
async function fetchAnew(folder = join(temporaryFolder(), 'cache/runtime')): Promise<{
  folder: string;
  events: ProgressEvent[];
  error: { message: string; toLine(): string } | undefined;
}> {
  const events: ProgressEvent[] = [];
  const context = {
    onProgress: (event: ProgressEvent) => void events.push(event),
    signal: { aborted: false },
  };
  const error = await fetchRuntime(folder, settings, context).then(
    () => undefined,
    (fault: { message: string; toLine(): string }) => fault,
  );
  return { folder, events, error };
}

/** What lies where a runtime was to be: its name alone, or nothing. */
const namesBeside = (folder: string): string[] => readdirSync(join(folder, '..'));

function expectWhole(folder: string): void {
  expect(namesBeside(folder)).toEqual(['runtime']);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(contents).sort());
  for (const [name, content] of Object.entries(contents))
    expect(readFileSync(join(folder, name)).equals(content)).toBe(true);
}

test('takes the files of this system from a registry below a path, and says from where and how many bytes', async () => {
  const { asked, address } = await registryOf((_, response) => response.end(archive), '/api/npm/all');
  const { folder, events, error } = await fetchAnew();
  expect(error).toBeUndefined();
  expectWhole(folder);
  expect(asked.map(({ url }) => url)).toEqual([`/api/npm/all${archivePath}`]);
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/is not installed: fetching it once, /);
  expect(notes[0]).toContain(`from ${address}/api/npm/all, into ${folder}`);
});

test('stops reading once it has them', async () => {
  let sent = 0;
  await registryOf((_, response) => {
    const step = 2 ** 16;
    const send = (): void => {
      for (; sent < archive.length && !response.destroyed; ) {
        sent += step;
        if (!response.write(archive.subarray(sent - step, sent))) break;
      }
      if (sent < archive.length) response.once('drain', send);
      // Never ended: whoever reads on waits.
    };
    send();
  });
  const { folder, error } = await fetchAnew();
  expect(error).toBeUndefined();
  expectWhole(folder);
});

test('sends what .npmrc has to authenticate with, and no redirect to another host takes it along', async () => {
  const other = await startRegistry((_, response) => response.end(archive));
  started.push(other);
  const { asked, address } = await registryOf((_, response) => {
    response
      .writeHead(302, { location: `${other.address.replace('127.0.0.1', 'localhost')}${archivePath}` })
      .end();
  });
  const npmrc = join(temporaryFolder(), '.npmrc');
  writeFileSync(npmrc, `${address.replace('http:', '')}/:_authToken=\${MADE_UP_TOKEN}\n`);
  vi.stubEnv('npm_config_userconfig', npmrc);
  vi.stubEnv('MADE_UP_TOKEN', 'secret');
  const { folder, error } = await fetchAnew();
  expect(error).toBeUndefined();
  expectWhole(folder);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret']);
  expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

const damaged = Object.fromEntries(
  Object.entries(contents).map(([name, content]) => [name, Buffer.from(content).fill('x', 9, 10)]),
);
const longer = Object.fromEntries(
  Object.entries(contents).map(([name, content]) => [name, Buffer.concat([content, content])]),
);

test.each([
  [
    'another file of the same length',
    await makeArchive(damaged),
    /is not the file that titlesmith knows by its hash/,
    1,
  ],
  ['a longer file', await makeArchive(longer), /is not the file that titlesmith knows by its hash/, 1],
  ['an archive without it', await makeArchive({}), /its archive ends without libmade\.so\.1/, 2],
  ['half an archive', archive.subarray(0, 100_000), /its archive ends without libmade\.so\.1/, 2],
  ['a page', Buffer.from('<html>Sign in</html>'.repeat(100)), /Invalid tar number/, 1],
])('refuses %s, and leaves nothing', async (_, body, message, requests) => {
  const { asked, address } = await registryOf((_, response) => response.end(body));
  const { folder, error } = await fetchAnew();
  expect(error!.message).toMatch(message);
  expect(error!.toLine()).toContain(`cannot be fetched from ${address}: `);
  expect(error!.toLine()).toContain('npm install --ignore-scripts onnxruntime-node@');
  expect(asked).toHaveLength(requests);
  expect(namesBeside(folder)).toEqual([]);
});

test.each([
  [404, 1],
  [401, 1],
  [503, 2],
])('says that the registry answers status %d', async (status, requests) => {
  const { asked } = await registryOf((_, response) => response.writeHead(status).end());
  const { folder, error } = await fetchAnew();
  expect(error!.message).toContain(`status ${status}`);
  expect(asked).toHaveLength(requests);
  expect(namesBeside(folder)).toEqual([]);
});

test('asks once more where the connection breaks', async () => {
  const { asked } = await registryOf((_, response, count) => {
    if (count > 1) return response.end(archive);
    response.writeHead(200, { 'content-length': archive.length });
    response.write(archive.subarray(0, 200_000), () => response.destroy());
  });
  const { folder, error } = await fetchAnew();
  expect(error).toBeUndefined();
  expect(asked).toHaveLength(2);
  expectWhole(folder);
});

test('where no registry answers, says so in one line', async () => {
  const registry = await registryOf(() => {});
  registry.stop();
  const { error } = await fetchAnew();
  expect(error!.toLine()).toMatch(
    /cannot be fetched from \S+: ECONNREFUSED\. Run npm install --ignore-scripts /,
  );
});

test('npm_config_offline makes no request', async () => {
  const { asked } = await registryOf((_, response) => response.end(archive));
  vi.stubEnv('npm_config_offline', 'true');
  const { error } = await fetchAnew();
  expect(error!.message).toContain('npm_config_offline');
  expect(asked).toEqual([]);
});

test('takes the place of what is damaged, and removes what a killed download left long ago', async () => {
  await registryOf((_, response) => response.end(archive));
  const folder = join(temporaryFolder(), 'cache/runtime');
  for (const path of [folder, `${folder}.old.partial`, `${folder}.new.partial`])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, 'libmade.so.1'), 'half');
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(`${folder}.old.partial`, longAgo, longAgo);
  expect((await fetchAnew(folder)).error).toBeUndefined();
  expect(namesBeside(folder).sort()).toEqual(['runtime', 'runtime.new.partial']);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(contents).sort());
});

const script = (folder: string): string[] => [
  '--input-type=module',
  '-e',
  `import { fetchRuntime } from ${JSON.stringify(join(packageRoot, 'dist/model/engine/onnxruntime/fetch-runtime.js'))};
  await fetchRuntime(${JSON.stringify(folder)}, ${JSON.stringify(settings)}, { onProgress() {}, signal: { aborted: false } });`,
];

test('two processes at once both find it whole', async () => {
  const waiting: ServerResponse[] = [];
  const { address } = await registryOf((_, response) => {
    if (waiting.push(response) === 2) for (const one of waiting) one.end(archive);
  });
  const folder = join(temporaryFolder(), 'cache/runtime');
  const env = { ...process.env, npm_config_registry: address };
  const run = promisify(execFile);
  await Promise.all([1, 2].map(() => run(process.execPath, script(folder), { env })));
  expectWhole(folder);
});

test('a process that is killed in the middle leaves no runtime, and the next one fetches it', async () => {
  let child: ReturnType<typeof spawn> | undefined;
  const { address } = await registryOf((_, response, count) => {
    if (count > 1) response.end(archive);
    else response.write(archive.subarray(0, 250_000), () => child!.kill('SIGKILL'));
  });
  const folder = join(temporaryFolder(), 'cache/runtime');
  const env = { ...process.env, npm_config_registry: address };
  child = spawn(process.execPath, script(folder), { env });
  await once(child, 'exit');
  expect(existsSync(folder)).toBe(false);
  expect((await fetchAnew(folder)).error).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(Object.keys(contents).sort());
});
