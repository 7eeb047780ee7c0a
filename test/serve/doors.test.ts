import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRun, type Serving, serve } from './serve-run.js';

interface Answer {
  readonly status: number;
  readonly message: string;
}

/** A request with any head: `fetch` sets Host and Sec-Fetch-Site itself. */
function ask(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        const message = /"message":"([^"]*)"/.exec(body)?.[1] ?? '';
        resolve({ status: response.statusCode ?? 0, message });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const generates = '/?length=2';

describe('a server on 127.0.0.1', () => {
  let serving: Serving;
  let port: string;
  beforeAll(async () => {
    serving = await serve(await makeRun());
    ({ port } = new URL(serving.url));
  });

  test.each([
    ['none', 200],
    ['same-origin', 200],
    ['same-site', 403],
    ['cross-site', 403],
  ])('answers a request for a text whose Sec-Fetch-Site is %s with %d', async (site, status) => {
    expect((await ask(serving.url, generates, { 'Sec-Fetch-Site': site })).status).toBe(status);
  });

  test('lets a link of another site open the page', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', Accept: 'text/html' };
    expect((await ask(serving.url, '/', headers)).status).toBe(302);
    expect((await ask(serving.url, '/page', headers)).status).toBe(200);
    expect((await ask(serving.url, '/?prefix=a', headers)).status).toBe(403);
  });

  test('answers to its own names and port only', async () => {
    const statusFor = async (host: string) => (await ask(serving.url, '/health', { Host: host })).status;
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`[::1]:${port}`)).toBe(200);
    expect(await statusFor('localhost:1')).toBe(403);
    expect(await statusFor('localhost')).toBe(403);
    expect(await statusFor(`evil.example:${port}`)).toBe(403);
    expect((await ask(serving.url, '/health', { Host: 'evil.example' })).message).toBe(
      `This server answers to localhost:${port} only; --allowed-host allows another.`,
    );
  });

  test.each([
    ['true', 200],
    ['True', 200],
    ['FALSE', 200],
    ['maybe', 400],
    ['1', 400],
    ['', 400],
  ])('answers include_prefix=%s with %d', async (value, status) => {
    const answer = await ask(serving.url, `${generates}&include_prefix=${value}`, {});
    expect(answer.status).toBe(status);
    if (status === 400)
      expect(answer.message).toContain('include_prefix must be true or false; it is the text');
  });
});

test('--cors-origin lets pages of an origin ask, and * those of all', async () => {
  const run = await makeRun();
  const [one, all] = [
    await serve(run, ['--cors-origin', 'https://a.example']),
    await serve(run, ['--cors-origin', '*']),
  ];
  const site = { 'Sec-Fetch-Site': 'cross-site' };
  expect((await ask(one.url, generates, { ...site, Origin: 'https://a.example' })).status).toBe(200);
  expect((await ask(one.url, generates, { ...site, Origin: 'https://b.example' })).status).toBe(403);
  expect((await ask(one.url, generates, site)).status).toBe(403);
  expect((await ask(all.url, generates, site)).status).toBe(200);
});

test('--allowed-host names what a server answers to', async () => {
  const run = await makeRun();
  const names = ['--allowed-host', 'titles.example', '.below.example', '--host', '0.0.0.0'];
  const [any, some] = [await serve(run, ['--host', '0.0.0.0']), await serve(run, names)];
  const statusFor = async ({ url }: Serving, host: string) =>
    (await ask(url, '/health', { Host: host })).status;
  expect(await statusFor(any, 'any.example')).toBe(200);
  expect(await statusFor(some, 'titles.example')).toBe(200);
  expect(await statusFor(some, 'a.below.example:443')).toBe(200);
  expect(await statusFor(some, 'any.example')).toBe(403);
});
