import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, it } from 'vitest';
import { TitlesmithError } from '../../src/common/errors.js';
import type { ProgressEvent } from '../../src/common/progress.js';
import type { ReviewInput } from '../../src/review/review.js';
import type { ItemState, PlacedItem, Progress } from '../../src/review/review-messages.js';
import { type ReviewServer, startReview } from '../../src/review/server.js';
import { fewOutputs, reviewInput, trainTitles } from './fixture.js';

const open: ReviewServer[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function start(outputs = fewOutputs): Promise<{ server: ReviewServer; input: ReviewInput }> {
  const input = await reviewInput(outputs);
  folders.push(input.folder);
  return { server: await restart(input), input };
}

async function restart(input: ReviewInput): Promise<ReviewServer> {
  const server = await startReview(input);
  open.push(server);
  return server;
}

async function stop(server: ReviewServer): Promise<void> {
  open.splice(open.indexOf(server), 1);
  await server.close();
}

interface Answer {
  readonly status: number;
  /** All that any answer may hold. */
  readonly body: {
    readonly found: number;
    readonly items: readonly PlacedItem[];
    readonly progress: Progress;
    /** Of a change. */
    readonly states: readonly ItemState[];
    /** Of a conflict. */
    readonly state: ItemState;
    readonly error: { readonly message: string };
  };
}

async function get(server: ReviewServer, path: string): Promise<Answer> {
  const response = await fetch(server.url + path);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function post(server: ReviewServer, path: string, value: unknown, headers = {}): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function decide(
  server: ReviewServer,
  index: number,
  decision: string,
  seen = 0,
  window = 'one',
): Promise<Answer> {
  return post(server, 'decisions', { index, decision, seen, window });
}

/** The same decision on all of a filter. */
function decideAll(
  server: ReviewServer,
  decision: string,
  { show = 'all', reason = '', search = '', seen = 0, window = 'one' } = {},
): Promise<Answer> {
  return post(server, 'groups', { decision, show, reason, search, seen, window });
}

async function lines(folder: string, name: string): Promise<string[]> {
  return (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
}

describe('the review', () => {
  it('lists outputs, the most in doubt first, by state, reason and search', async () => {
    const { server, input } = await start();
    const { body } = await get(server, 'items');
    expect(body.found).toBe(4);
    expect(body.progress).toEqual({ total: 4, decided: 0, seen: 0, kept: 2, impossible: 2, sequence: 0 });
    const doubts = body.items.map(({ rating }) => Math.abs(rating - input.threshold));
    expect(doubts).toEqual([...doubts].sort((a, b) => a - b));
    expect(body.items[0]).toMatchObject({ index: 2, reason: 'near copy', matched: trainTitles[1] });
    const inOrder = async (query: string) => (await get(server, `items?${query}`)).body.items;
    const ratings = (await inOrder('order=closeness')).map(({ rating }) => rating);
    expect(ratings).toEqual([...ratings].sort((a, b) => b - a));
    expect((await inOrder('order=closeness'))[0]).toMatchObject({
      index: 1,
      reason: 'exact copy',
      kept: false,
    });
    expect((await inOrder('order=index')).map(({ index }) => index)).toEqual([0, 1, 2, 5]);
    const indices = async (query: string) => (await inOrder(query)).map(({ index }) => index).sort();
    expect(await indices('show=kept')).toEqual([0, 5]);
    expect(await indices('reason=accepted')).toEqual([0, 5]);
    expect(await indices('reason=near+copy')).toEqual([2]);
    expect(await indices('search=WEED')).toEqual([0]);
    expect(await indices(`after=${body.items[2]!.place}`)).toEqual([body.items[3]!.index]);
    expect(await indices('limit=2')).toHaveLength(2);
  });

  it('marks words from a rating of 0.6 on, and in repeats whatever their rating', async () => {
    const repeat = 'Gardeners which weed do you secretly admire';
    const { server } = await start([...fewOutputs, repeat]);
    const { items } = (await get(server, 'items')).body;
    for (const { index, rating, text, matched, runs } of items) {
      const longest = Math.max(text.split(' ').length, matched.split(' ').length);
      if (index !== 6 && rating < 0.6) expect(runs).toEqual([longest, 0, 0]);
      else if (index !== 1) expect(runs.length + runs[1]! + runs[2]!, text).toBeGreaterThan(3);
    }
    expect(items.find(({ index }) => index === 6)).toMatchObject({ matched: fewOutputs[0] });
    expect(items.find(({ index }) => index === 0)!.rating).toBeLessThan(0.6);
  });

  it('shows texts that cannot be kept apart, with the reason, and decides nothing on them', async () => {
    const { server, input } = await start();
    const { items } = (await get(server, 'items?show=impossible&order=index')).body;
    expect(items.map(({ index, reason, impossible }) => [index, reason, impossible])).toEqual([
      [3, 'blank', 'there is nothing to read'],
      [4, 'broken text', 'accepted.txt holds one title a line, of characters that can be shown'],
    ]);
    for (const decision of ['keep', 'refuse', 'seen']) {
      const answer = await decide(server, 3, decision);
      expect(answer.status).toBe(409);
      expect(answer.body.error.message).toBe('This text cannot be kept: there is nothing to read.');
    }
    const all = await decideAll(server, 'refuse', { show: 'impossible' });
    expect(all).toMatchObject({
      status: 409,
      body: { error: { message: 'There is nothing here to decide.' } },
    });
    await expect(stat(join(input.folder, 'decisions.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('puts decisions before verdicts, in accepted.txt, rejected.csv and the exports', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'refuse');
    await decide(server, 2, 'keep');
    const { body } = await decide(server, 5, 'keep');
    expect(body.progress).toEqual({ total: 4, decided: 3, seen: 0, kept: 2, impossible: 2, sequence: 3 });
    const kept = [fewOutputs[2]!, fewOutputs[5]!];
    expect(await (await fetch(`${server.url}export.txt`)).text()).toBe(`${kept.join('\n')}\n`);
    const csv = await fetch(`${server.url}export.csv`);
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="made-up-accepted.csv"');
    const [header, ...records] = parse(await csv.text()) as string[][];
    expect(header).toEqual(['index', 'title', 'rating', 'closest_training_title', 'kept_by']);
    expect(records.map(([index, title, , matched, by]) => [index, title, matched, by])).toEqual([
      ['2', kept[0], trainTitles[1], 'person'],
      ['5', kept[1], input.verdicts[5]!.matched, 'person'],
    ]);
    const json = await (await fetch(`${server.url}export.jsonl`)).text();
    expect(
      json
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).title),
    ).toEqual(kept);
    await stop(server);
    expect(await lines(input.folder, 'accepted.txt')).toEqual(kept);
    const rejected = parse(await readFile(join(input.folder, 'rejected.csv'), 'utf8')) as string[][];
    expect(rejected.map(([text, reason]) => [text, reason]).slice(1)).toEqual([
      [fewOutputs[0], 'refused in review'],
      [fewOutputs[1], 'exact copy'],
      ['', 'blank'],
      [fewOutputs[4], 'broken text'],
    ]);
    expect(await readdir(input.folder)).not.toContain('accepted.txt.partial');
  });

  it('keeps decisions over a restart, and writes what a killed server had not', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'refuse');
    await stop(server);
    // As if the process had been killed between the decision and the lists, and while writing the next decision.
    await writeFile(join(input.folder, 'accepted.txt'), 'stale\n');
    await appendFile(join(input.folder, 'decisions.jsonl'), '{"sequence":2,"at":"20');
    const again = await restart(input);
    expect(await lines(input.folder, 'accepted.txt')).toEqual([fewOutputs[5]]);
    expect((await decide(again, 2, 'keep')).body.states[0]!.sequence).toBe(2);
    const log = (await lines(input.folder, 'decisions.jsonl')).map((line) => JSON.parse(line));
    expect(log.map(({ sequence, index, decision }) => [sequence, index, decision])).toEqual([
      [1, 0, 'refuse'],
      [2, 2, 'keep'],
    ]);
    expect((await get(again, 'items?show=decided')).body.found).toBe(2);
  });

  it('leaves decisions about other texts aside', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'refuse');
    await stop(server);
    const [first, ...others] = input.verdicts;
    const again = await restart({
      ...input,
      verdicts: [{ ...first!, text: 'Another title altogether' }, ...others],
    });
    expect((await get(again, 'items?show=decided')).body.found).toBe(0);
    expect((await decide(again, 0, 'keep')).status).toBe(200);
  });

  it('refuses what was decided in another window meanwhile, and tells how it stands', async () => {
    const { server } = await start();
    expect((await decide(server, 0, 'refuse', 0, 'one')).status).toBe(200);
    const late = await decide(server, 0, 'keep', 0, 'two');
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ state: { decision: 'refuse', sequence: 1 } });
    expect((await decide(server, 0, 'keep', 1, 'two')).body.states).toMatchObject([
      { decision: 'keep', sequence: 2 },
    ]);
  });

  it('lets only one of many windows win that decide at once', async () => {
    const { server, input } = await start();
    const windows = Array.from({ length: 12 }, (_, i) => `window-${i}`);
    const answers = await Promise.all(windows.map((name) => decide(server, 0, 'refuse', 0, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...new Array<number>(11).fill(409)]);
    expect(await lines(input.folder, 'decisions.jsonl')).toHaveLength(1);
  });

  it('takes back decisions of one window, the last first', async () => {
    const { server } = await start();
    await decide(server, 0, 'keep', 0, 'one');
    await decide(server, 0, 'refuse', 1, 'one');
    await decide(server, 5, 'refuse', 0, 'two');
    const undo = (window: string) => post(server, 'undo', { window });
    expect((await undo('one')).body.states).toMatchObject([{ index: 0, decision: 'keep', kept: true }]);
    expect((await undo('one')).body.states).toMatchObject([{ index: 0, decision: '', kept: true }]);
    expect((await undo('one')).body.error.message).toBe('There is nothing to take back in this window.');
    expect((await undo('two')).body.states).toMatchObject([{ index: 5, decision: '' }]);
    expect((await get(server, 'items')).body.progress.decided).toBe(0);
  });

  it('does not take back what another window has decided since', async () => {
    const { server } = await start();
    await decide(server, 0, 'keep', 0, 'one');
    await decide(server, 0, 'refuse', 1, 'two');
    const answer = await post(server, 'undo', { window: 'one' });
    expect(answer).toMatchObject({ status: 409, body: { state: { decision: 'refuse', sequence: 2 } } });
  });

  it('calls an output seen, which changes no file but the log, and takes a decision back', async () => {
    const { server, input } = await start();
    await decide(server, 5, 'refuse');
    await expect.poll(() => lines(input.folder, 'accepted.txt')).toEqual([fewOutputs[0]]);
    const before = await stat(join(input.folder, 'accepted.txt'));
    for (const index of [0, 2]) {
      const { body } = await decide(server, index, 'seen');
      expect(body.states).toMatchObject([{ index, decision: 'seen', kept: index === 0 }]);
    }
    const { body } = await get(server, 'items?show=seen&order=index');
    expect(body.items.map(({ index }) => index)).toEqual([0, 2]);
    expect(body.progress).toMatchObject({ decided: 1, seen: 2, kept: 1 });
    expect((await get(server, 'items?show=open')).body.items.map(({ index }) => index)).toEqual([1]);
    await stop(server);
    // Not even written anew.
    expect((await stat(join(input.folder, 'accepted.txt'))).ino).toBe(before.ino);
    const again = await restart(input);
    expect((await get(again, 'items?show=seen')).body.found).toBe(2);
    // An older titlesmith reads what it has always read: nobody decided these.
    const log = (await lines(input.folder, 'decisions.jsonl')).map((line) => JSON.parse(line));
    expect(log.map(({ index, decision, seen }) => [index, decision, seen])).toEqual([
      [5, 'refuse', undefined],
      [0, 'none', true],
      [2, 'none', true],
    ]);
    expect((await decide(again, 5, 'seen', 1)).body.states).toMatchObject([{ decision: 'seen', kept: true }]);
    expect((await decide(again, 0, 'keep', 2)).body.progress).toMatchObject({ decided: 1, seen: 2 });
    const undo = () => post(again, 'undo', { window: 'one' });
    expect((await undo()).body.states).toMatchObject([{ index: 0, decision: 'seen' }]);
    expect((await undo()).body.states).toMatchObject([{ index: 5, decision: 'refuse', kept: false }]);
  });

  it('decides all of a filter at once, and one undo takes it back', async () => {
    const { server, input } = await start();
    await decide(server, 2, 'keep');
    await decide(server, 0, 'seen');
    const all = await decideAll(server, 'refuse', { search: 'e', seen: 2 });
    expect(all.body.states.map(({ index }) => index)).toEqual([0, 1, 2, 5]);
    expect(all.body.progress).toMatchObject({ decided: 4, seen: 0, kept: 0, sequence: 6 });
    await expect.poll(() => lines(input.folder, 'accepted.txt')).toEqual([]);
    const undone = await post(server, 'undo', { window: 'one' });
    expect(undone.body.states.map(({ index, decision, kept }) => [index, decision, kept])).toEqual([
      [0, 'seen', true],
      [1, '', false],
      [2, 'keep', true],
      [5, '', true],
    ]);
    await stop(server);
    expect(await lines(input.folder, 'accepted.txt')).toEqual([fewOutputs[0], fewOutputs[2], fewOutputs[5]]);
    expect(await lines(input.folder, 'decisions.jsonl')).toHaveLength(10);
  });

  it('decides only what the filter shows, and leaves what stands so already', async () => {
    const { server } = await start();
    await decide(server, 0, 'refuse');
    const { body } = await decideAll(server, 'refuse', { reason: 'accepted', seen: 1 });
    expect(body.states.map(({ index }) => index)).toEqual([5]);
    expect((await decideAll(server, 'refuse', { reason: 'accepted', seen: 2 })).status).toBe(409);
    await post(server, 'undo', { window: 'one' });
    expect((await get(server, 'items?show=decided')).body.items.map(({ index }) => index)).toEqual([0]);
  });

  it('decides nothing at once that the person has not seen', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'keep', 0, 'two');
    const late = await decideAll(server, 'refuse');
    expect(late).toMatchObject({
      status: 409,
      body: { error: { message: 'Something was decided in another window: look again.' } },
    });
    expect(await lines(input.folder, 'decisions.jsonl')).toHaveLength(1);
  });

  it('leaves with an undo of many what another window has decided since', async () => {
    const { server } = await start();
    await decideAll(server, 'refuse');
    await decide(server, 5, 'keep', 4, 'two');
    const undone = await post(server, 'undo', { window: 'one' });
    expect(undone.body.states.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect((await get(server, 'items?show=decided')).body.items).toMatchObject([
      { index: 5, decision: 'keep' },
    ]);
    expect((await post(server, 'undo', { window: 'one' })).status).toBe(409);
  });

  it('takes back what an earlier review decided, once a window has nothing of its own', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'refuse', 0, 'gone');
    await decideAll(server, 'keep', { reason: 'near copy', seen: 1, window: 'gone' });
    await stop(server);
    const again = await restart(input);
    await decide(again, 5, 'refuse', 0, 'new');
    const undo = async () =>
      (await post(again, 'undo', { window: 'new' })).body.states?.map(({ index }) => index);
    expect(await undo()).toEqual([5]);
    expect(await undo()).toEqual([2]);
    expect(await undo()).toEqual([0]);
    expect(await undo()).toBeUndefined();
    expect((await get(again, 'items')).body.progress.decided).toBe(0);
  });

  it('counts a group that was cut short as not made, wherever the cut is', async () => {
    const { server, input } = await start();
    await decide(server, 0, 'refuse');
    await decideAll(server, 'keep', { seen: 1 });
    await stop(server);
    const path = join(input.folder, 'decisions.jsonl');
    const whole = await readFile(path);
    const group = whole.indexOf('\n') + 1;
    const cuts = Array.from(
      { length: 12 },
      (_, turn) => group + Math.floor((turn * (whole.length - group)) / 12),
    );
    for (const cut of cuts) {
      await writeFile(path, whole.subarray(0, cut));
      const again = await restart(input);
      expect((await get(again, 'items?show=decided')).body.items, `${cut}`).toMatchObject([
        { index: 0, decision: 'refuse' },
      ]);
      await stop(again);
      expect(await lines(input.folder, 'accepted.txt')).toEqual([fewOutputs[5]]);
      // Reading leaves the file; the next decision takes the place of what was cut short.
      expect(await readFile(path)).toEqual(whole.subarray(0, cut));
    }
    const again = await restart(input);
    expect((await decide(again, 5, 'refuse')).body.states).toMatchObject([{ index: 5, sequence: 2 }]);
    await stop(again);
    expect((await lines(input.folder, 'decisions.jsonl')).map((line) => JSON.parse(line).index)).toEqual([
      0, 5,
    ]);
  });

  it('serves the report where there is one', async () => {
    const { server, input } = await start();
    expect((await get(server, 'report')).status).toBe(404);
    await stop(server);
    await writeFile(join(input.folder, 'report.html'), '<p>report');
    const again = await restart({ ...input, reportPath: join(input.folder, 'report.html') });
    expect(await (await fetch(`${again.url}report`)).text()).toBe('<p>report');
  });
});

describe('decisions.jsonl', () => {
  it.each([
    'not JSON',
    '{"sequence":7}',
    '{"sequence":1,"at":"","window":"w","index":0.5,"text":"","decision":"keep"}',
    '{"sequence":1,"at":"","window":"w","index":0,"text":"","decision":"keep","seen":true}',
    '{"sequence":1,"at":"","window":"w","index":0,"text":"","decision":"none","seen":1}',
    '{"sequence":1,"at":"","window":"w","index":0,"text":"","decision":"keep","group":{"from":2,"to":3}}',
    '{"sequence":1,"at":"","window":"w","index":0,"text":"","decision":"keep","group":7}',
    'null',
  ])('that holds %j is refused, with the line', async (line) => {
    const { server, input } = await start();
    await stop(server);
    await writeFile(join(input.folder, 'decisions.jsonl'), `${line}\n`);
    const failed = await startReview(input).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TitlesmithError);
    expect((failed as TitlesmithError).message).toMatch(/decisions\.jsonl:1 is no decision\.$/);
    await truncate(join(input.folder, 'decisions.jsonl'));
    await stop(await restart(input));
  });
});

describe('the review on requests that are not its own', () => {
  /** Sends what fetch would not: any path and any headers. */
  function raw(url: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
    const { port } = new URL(url);
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  it('tells a person who opens an address in a browser by a page, and a program by JSON', async () => {
    const { server } = await start();
    const { origin } = new URL(server.url);
    const page = await fetch(`${origin}/<b>`, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    const text = await page.text();
    expect(text).toContain('<h1>403 Forbidden</h1>');
    const answer = (await (await fetch(`${origin}/<b>`)).json()) as { error: { message: string } };
    expect(text).toContain(`<p>${answer.error.message}</p>`);
  });

  it('lets nobody in without the token', async () => {
    const { server } = await start();
    const { origin, pathname } = new URL(server.url);
    const token = pathname.slice(1, -1);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    for (const path of ['/', '/items', `/${token.slice(1)}/items`, `/${token}x/items`, `//${token}/items`]) {
      expect((await fetch(origin + path)).status, path).toBe(403);
    }
    expect((await fetch(server.url)).status).toBe(200);
    expect(server.url.startsWith('http://127.0.0.1:')).toBe(true);
  });

  it('answers to its own name only', async () => {
    const { server } = await start();
    const { pathname, port } = new URL(server.url);
    const path = `${pathname}items`;
    expect(await raw(server.url, path, { host: `127.0.0.1:${port}` })).toBe(200);
    expect(await raw(server.url, path, { host: `localhost:${port}` })).toBe(200);
    expect(await raw(server.url, path, { host: 'evil.example' })).toBe(403);
    expect(await raw(server.url, path, { host: `127.0.0.1:${port}`, origin: 'http://evil.example' })).toBe(
      403,
    );
    const crossSite = { host: `127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' };
    expect(await raw(server.url, `${pathname}undo`, crossSite, 'POST')).toBe(403);
  });

  it.each([
    ['items/../../etc/passwd', 403],
    ['constructor', 404],
    ['%2e%2e/', 403],
    ['report/..%2f..%2frun.json', 404],
    ['items?show=everything', 400],
    ['items?limit=-1', 400],
    ['items?order=random', 400],
    ['items?after=1.5', 400],
  ])('answers GET %s with %d', async (path, status) => {
    const { server } = await start();
    expect(
      await raw(server.url, new URL(server.url).pathname + path, { host: new URL(server.url).host }),
    ).toBe(status);
  });

  it.each([
    ['{', 400],
    ['[]', 400],
    ['null', 400],
    ['{"index":0,"decision":"delete","seen":0,"window":"w"}', 400],
    ['{"index":"0","decision":"keep","seen":0,"window":"w"}', 400],
    ['{"index":0,"decision":"keep","seen":0,"window":"../w"}', 400],
    ['{"index":99,"decision":"keep","seen":0,"window":"w"}', 409],
    [`{"window":"${'w'.repeat(5000)}"}`, 413],
  ])('answers the decision %s with %d, and writes nothing', async (body, status) => {
    const { server, input } = await start();
    expect((await post(server, 'decisions', body)).status).toBe(status);
    await expect(stat(join(input.folder, 'decisions.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['{"decision":"refuse","seen":0,"window":"w"}', 400],
    ['{"decision":"refuse","show":"all","reason":"","seen":0,"window":"w"}', 400],
    ['{"decision":"delete","show":"all","reason":"","search":"","seen":0,"window":"w"}', 400],
    ['{"decision":"keep","show":"everything","reason":"","search":"","seen":0,"window":"w"}', 400],
    ['{"decision":"keep","show":"all","reason":"","search":"","seen":9,"window":"w"}', 409],
    ['{"decision":"keep","show":"all","reason":"","search":"no such","seen":0,"window":"w"}', 409],
    [
      `{"decision":"keep","show":"all","reason":"","search":"${'w'.repeat(5000)}","seen":0,"window":"w"}`,
      413,
    ],
  ])('answers the decision on many %s with %d, and writes nothing', async (body, status) => {
    const { server, input } = await start();
    expect((await post(server, 'groups', body)).status).toBe(status);
    await expect(stat(join(input.folder, 'decisions.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes no form', async () => {
    const { server } = await start();
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await post(server, 'undo', 'window=one', form)).status).toBe(415);
  });

  it('refuses a port that is taken', async () => {
    const { server, input } = await start();
    const port = Number(new URL(server.url).port);
    const other = await reviewInput(fewOutputs);
    folders.push(other.folder);
    await expect(startReview(other, { port })).rejects.toMatchObject({ code: 'usage' });
    expect((await get(server, 'items')).status).toBe(200);
    expect(input.folder).not.toBe(other.folder);
  });

  it('says when a list cannot be written, keeps the decision, and writes it with the next', async () => {
    const input = await reviewInput(fewOutputs);
    folders.push(input.folder);
    const events: ProgressEvent[] = [];
    const server = await startReview(input, { onProgress: (event) => events.push(event) });
    open.push(server);
    await mkdir(join(input.folder, 'accepted.txt'));
    expect((await decide(server, 0, 'refuse')).status).toBe(200);
    await expect.poll(() => events.length).toBeGreaterThan(0);
    expect(events[0]).toMatchObject({ kind: 'warning', message: expect.stringContaining('accepted.txt') });
    await rm(join(input.folder, 'accepted.txt'), { recursive: true });
    await decide(server, 5, 'refuse');
    await stop(server);
    expect(await lines(input.folder, 'accepted.txt')).toEqual([]);
  });

  it('prints nothing for addresses that are none: they are refused', async () => {
    const input = await reviewInput(fewOutputs);
    folders.push(input.folder);
    const events: ProgressEvent[] = [];
    const server = await startReview(input, { onProgress: (event) => events.push(event) });
    open.push(server);
    const { hostname, port } = new URL(server.url);
    const statusOf = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request({ hostname, port, path }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', reject).end();
      });
    for (const path of ['//', '///', '//[', '//:', '//x/', '/%00', '/..//', '*', 'http://evil.example/'])
      expect([path, await statusOf(path)]).toEqual([path, 403]);
    for (const path of ['/%', 'http://']) expect([path, await statusOf(path)]).toEqual([path, 400]);
    expect(events).toEqual([]);
  });
});
