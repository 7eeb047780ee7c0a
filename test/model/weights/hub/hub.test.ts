import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../../../src/common/progress.js';
import type { HubSettings } from '../../../../src/model/weights/hub/settings.js';
import {
  locateModel,
  type ResolvedModel,
  resolveModel,
} from '../../../../src/model/weights/resolve-model.js';
import { expectedParameters, fixtureFolder, temporaryFolder } from '../../transformer/fixtures.js';
import { commit, type Fault, LocalHub } from './local-hub.js';

const weights = 'model.safetensors';
let hub: LocalHub;
let cache = '';
let events: ProgressEvent[] = [];

beforeEach(async () => {
  hub = await LocalHub.start(fixtureFolder('float16'));
  cache = temporaryFolder();
  events = [];
});
afterEach(() => hub.stop());

const context = {
  onProgress: (event: ProgressEvent): void => void events.push(event),
  signal: { aborted: false },
};

const resolve = (rest: Partial<HubSettings> = {}, name = hub.repository): Promise<ResolvedModel> =>
  resolveModel(name, context, { settings: hub.settings(cache, rest) });

const repositoryFolder = (): string => join(cache, 'models--someone--tiny-gpt2');

async function expectTheModel(model: ResolvedModel): Promise<void> {
  const expected = await expectedParameters('float16');
  for (const [name, values] of expected) expect(model.weights.views.get(name), name).toEqual(values);
  expect(model.tokenizer.vocabularySize).toBe(260);
}

function fail(name: string, ...faults: Fault[]): void {
  hub.faults.set(name, faults);
}

describe('a download', () => {
  test('gives the model, laid out in the cache as huggingface_hub does', async () => {
    const model = await resolve();
    await expectTheModel(model);
    expect(model.source).toMatchObject({
      hash: commit,
      description: 'someone/tiny-gpt2 at 01234567',
    });
    const folder = repositoryFolder();
    expect(readdirSync(folder).sort()).toEqual(['blobs', 'refs', 'snapshots']);
    expect(readFileSync(join(folder, 'refs/main'), 'utf8')).toBe(commit);
    const snapshot = join(folder, 'snapshots', commit);
    expect(readdirSync(snapshot).sort()).toEqual(['config.json', 'merges.txt', weights, 'vocab.json']);
    expect(
      readdirSync(join(folder, 'blobs')).every((name) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)),
    ).toBe(true);
    if (process.platform === 'win32') return;
    expect(lstatSync(join(snapshot, weights)).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(snapshot, weights))).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
  });

  test('is made by several runs at the same moment, into one cache', async () => {
    for (let round = 0; round < 5; round++) {
      cache = temporaryFolder();
      for (const model of await Promise.all(Array.from({ length: 8 }, () => resolve())))
        await expectTheModel(model);
      expect(readdirSync(join(repositoryFolder(), 'refs'))).toEqual(['main']);
      const snapshot = readdirSync(join(repositoryFolder(), 'snapshots', commit));
      expect(snapshot.sort()).toEqual(['config.json', 'merges.txt', weights, 'vocab.json']);
      expect(readdirSync(join(repositoryFolder(), 'blobs'))).toHaveLength(4);
    }
  });

  test('is made once: then the cache serves, also offline, and without the hub with a warning', async () => {
    await resolve();
    const before = hub.contentRequests(weights).length;
    const again = await resolve();
    expect(again.source.missingBytes).toBe(0);
    expect(hub.contentRequests(weights)).toHaveLength(before);
    const asked = hub.requests.length;
    await expectTheModel(await resolve({ offline: true }));
    await expectTheModel(await resolve({}, `someone/tiny-gpt2@${commit}`));
    expect(hub.requests).toHaveLength(asked);
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    await hub.stop();
    await expectTheModel(await resolve({ retries: 0 }));
    expect(events.find(({ kind }) => kind === 'warning')).toMatchObject({
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\).*Using what is cached/),
    });
  });

  test('fetches what is missing of a half-filled cache, and replaces a blob of the wrong size', async () => {
    await resolve();
    const folder = repositoryFolder();
    const blob = join(folder, 'snapshots', commit, readlinkSync(join(folder, 'snapshots', commit, weights)));
    writeFileSync(blob, 'short');
    rmSync(join(folder, 'snapshots', commit, 'vocab.json'));
    await expectTheModel(await resolve());
    expect(hub.contentRequests(weights)).toHaveLength(2);
    expect(hub.contentRequests('config.json')).toHaveLength(1);
  });

  test('of weights in several files', async () => {
    await hub.stop();
    hub = await LocalHub.start(fixtureFolder('sharded'));
    const model = await resolve();
    const expected = await expectedParameters('float32');
    for (const [name, values] of expected) expect(model.weights.views.get(name)).toEqual(values);
  });

  test('says how far it is', async () => {
    const content = Buffer.alloc(3_400_000);
    hub.files.set(weights, { content, large: true });
    await expect(resolve()).rejects.toThrow(/its header is not JSON/);
    const progress = events.filter((event) => event.kind === 'progress');
    expect(progress.at(-1)).toMatchObject({ label: `download ${weights}`, done: 4, total: 4, unit: 'MB' });
    const done = progress.map((event) => event.done);
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
  });
});

describe('a download that breaks', () => {
  test('in the middle goes on where it stopped, as often as it gets further', async () => {
    fail(weights, ...Array.from({ length: 8 }, () => ({ kind: 'cut', bytes: 1200 }) as const));
    await expectTheModel(await resolve());
    const ranges = hub.contentRequests(weights).map(({ range }) => range);
    expect(ranges).toHaveLength(9);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true);
  });

  test('before it is done goes on in another process', async () => {
    fail(weights, { kind: 'short', bytes: 5000 });
    await expect(resolve({ retries: 0 })).rejects.toThrow(/ended after 5000 of 10424 bytes/);
    expect(
      readdirSync(join(repositoryFolder(), 'blobs')).filter((name) => name.endsWith('.incomplete')),
    ).toHaveLength(1);
    await expectTheModel(await resolve());
    expect(hub.contentRequests(weights).map(({ range }) => range)).toEqual([undefined, 'bytes=5000-']);
  });

  test('on request is kept', async () => {
    let bytes = 0;
    const content = Buffer.alloc(6_000_000, 7);
    hub.files.set(weights, { content, large: true });
    const stopping = {
      onProgress: () => void bytes++,
      signal: {
        get aborted() {
          return bytes > 2;
        },
      },
    };
    const stopped = resolveModel(hub.repository, stopping, { settings: hub.settings(cache) });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    await expect(resolve()).rejects.toThrow(/not a safetensors file/);
    const { range } = hub.contentRequests(weights)[1]!;
    expect(Number(range?.slice('bytes='.length, -1))).toBeGreaterThanOrEqual(2_000_000);
  });

  test('at a server that does not know ranges starts again', async () => {
    fail(weights, { kind: 'cut', bytes: 3000 }, { kind: 'ignoresRange' });
    await expectTheModel(await resolve());
  });

  test('after all tries says so in one line', async () => {
    fail(weights, ...Array.from({ length: 9 }, () => ({ kind: 'cut', bytes: 0 }) as const));
    await expect(resolve()).rejects.toMatchObject({ code: 'hub-unreachable' });
    expect(hub.contentRequests(weights)).toHaveLength(4);
  });

  test('in silence is given up after the time set', async () => {
    fail(weights, { kind: 'silence' });
    // On a busy machine an answer may be late too.
    await expectTheModel(await resolve({ stallTimeoutMs: 50, retries: 1000 }));
    expect(hub.contentRequests(weights).length).toBeGreaterThanOrEqual(2);
  });
});

describe('content that is not what was announced', () => {
  test('is asked for once more', async () => {
    fail(weights, { kind: 'damaged' });
    await expectTheModel(await resolve());
    expect(hub.contentRequests(weights).map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  test.each([[weights], ['vocab.json']])(
    '%s is refused when it comes again, and nothing is kept',
    async (name) => {
      fail(name, { kind: 'damaged' }, { kind: 'damaged' });
      await expect(resolve()).rejects.toThrow(
        new RegExp(`^${name} of someone/tiny-gpt2 arrived damaged .* twice`),
      );
      const blobs = readdirSync(join(repositoryFolder(), 'blobs'));
      expect(blobs.filter((blob) => blob.includes('incomplete'))).toEqual([]);
      await expectTheModel(await resolve());
    },
  );

  test('as left by an earlier download is thrown away', async () => {
    fail(weights, { kind: 'short', bytes: 4000 });
    await expect(resolve({ retries: 0 })).rejects.toThrow(/ended after 4000/);
    const blobs = join(repositoryFolder(), 'blobs');
    const incomplete = readdirSync(blobs).find((name) => name.endsWith('.incomplete'))!;
    writeFileSync(join(blobs, incomplete), Buffer.alloc(20_000, 1));
    await expectTheModel(await resolve());
    rmSync(repositoryFolder(), { recursive: true });
    mkdirSync(blobs, { recursive: true });
    writeFileSync(join(blobs, incomplete), Buffer.alloc(2_000, 1));
    await expectTheModel(await resolve());
  });

  test.each<[Fault[], RegExp]>([
    [[{ kind: 'longer' }], /is longer than the 10424 bytes announced/],
    [[{ kind: 'cut', bytes: 3000 }, { kind: 'wrongRange' }], /sends another part of model\.safetensors/],
  ])('%j', async (faults, pattern) => {
    fail(weights, ...faults);
    await expect(resolve()).rejects.toThrow(pattern);
  });
});

describe('what the hub answers', () => {
  test.each([
    [401, 'hub-denied', /\(status 401\); no token is set\.$/],
    [403, 'hub-denied', /status 403/],
    [404, 'hub-not-found', /knows no someone\/tiny-gpt2/],
    [503, 'hub-busy', /answers status 503/],
    [429, 'hub-busy', /answers status 429/],
    [400, 'hub-refused', /answers status 400/],
  ])('status %i', async (status, code, message) => {
    const faults = Array.from({ length: 9 }, () => ({ kind: 'status', status }) as const);
    fail('api', ...faults);
    await expect(resolve()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    const tries = code === 'hub-busy' ? 4 : 1;
    expect(hub.requests).toHaveLength(tries);
    fail('api');
    fail(weights, ...faults);
    await expect(resolve()).rejects.toMatchObject({ code });
    expect(hub.contentRequests(weights)).toHaveLength(tries);
  });

  test('a busy hub is asked again', async () => {
    fail('api', { kind: 'status', status: 503 });
    fail(weights, { kind: 'status', status: 500 }, { kind: 'status', status: 429 });
    await expectTheModel(await resolve());
  });

  test('a token opens a private model, and is not handed to the server the content comes from', async () => {
    hub.requiredToken = 'secret-token';
    await expect(resolve()).rejects.toMatchObject({ code: 'hub-denied' });
    await expectTheModel(await resolve({ token: 'secret-token' }));
    const [content] = hub.contentRequests(weights);
    expect(content?.authorization).toBeUndefined();
    expect(
      hub.requests.filter(({ server, authorization }) => server === 'hub' && authorization).length,
    ).toBeGreaterThan(4);
  });

  test('a repository without a file that is needed', async () => {
    hub.files.delete(weights);
    await expect(locateModel(hub.repository, hub.settings(cache))).rejects.toThrow(
      'someone/tiny-gpt2 has no model.safetensors at main.',
    );
  });

  test('nothing, as there is no cache and no network', async () => {
    await expect(resolve({ offline: true })).rejects.toMatchObject({ code: 'hub-offline' });
    await hub.stop();
    await expect(resolve()).rejects.toMatchObject({ code: 'hub-unreachable' });
  });
});
