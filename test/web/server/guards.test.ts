import { describe, expect, test } from 'vitest';
import { assertKey, guardPath, guardSameSite } from '../../../src/web/server/guards.js';
import type { HttpRequest } from '../../../src/web/server/http-app.js';
import { newApp } from './new-app.js';

type Headers = Readonly<Record<string, string>>;

describe('guardSameSite', () => {
  async function statusOf(
    method: 'GET' | 'POST',
    headers: Headers,
    host = '127.0.0.1',
    allowedOrigins: readonly string[] = [],
  ): Promise<number> {
    const app = newApp();
    const hasEffect = ({ headers: { 'x-acts': acts } }: HttpRequest): boolean => acts !== undefined;
    await guardSameSite(app, { host, allowedOrigins, hasEffect });
    app.route({ method: ['GET', 'POST'], url: '/', handler: async () => ({}) });
    return (await app.inject({ method, url: '/', headers })).statusCode;
  }

  test.each([
    ['127.0.0.1:8080', 200],
    ['localhost', 200],
    ['[::1]:8080', 200],
    ['a'.repeat(301), 400],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1:8080.evil.example', 403],
  ])('answers a server of this machine called %j with %d', async (host, status) => {
    expect(await statusOf('GET', { host })).toBe(status);
  });

  test('lets a server that listens to others be called by any name', async () => {
    expect(await statusOf('GET', { host: 'titles.example' }, '0.0.0.0')).toBe(200);
  });

  const host = 'localhost:8080';
  test.each([
    ['POST', { origin: 'http://localhost:8080' }, 200],
    ['POST', { origin: 'http://localhost:9090' }, 403],
    ['GET', { origin: 'https://evil.example' }, 403],
    ['GET', { origin: 'null' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 200],
    ['GET', { 'sec-fetch-site': 'cross-site', 'x-acts': 'yes' }, 403],
    ['GET', { 'sec-fetch-site': 'same-site', 'x-acts': 'yes' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site, same-origin', 'x-acts': 'yes' }, 403],
    ['GET', { 'sec-fetch-site': 'none', 'x-acts': 'yes' }, 200],
    ['GET', { 'sec-fetch-site': 'same-origin', 'x-acts': 'yes' }, 200],
    ['GET', { 'x-acts': 'yes' }, 200],
    ['POST', { 'sec-fetch-site': 'cross-site' }, 403],
    ['POST', { 'sec-fetch-site': 'same-site' }, 403],
    ['POST', { 'sec-fetch-site': 'same-origin' }, 200],
    ['POST', {}, 200],
  ] as const)('answers %s from a page with %j with %d', async (method, headers, status) => {
    expect(await statusOf(method, { host, ...headers })).toBe(status);
  });

  test('lets pages of allowed origins call, and no others', async () => {
    const allowed = ['https://example.org'];
    const from = (origin: string): Promise<number> =>
      statusOf('POST', { host, origin }, '127.0.0.1', allowed);
    expect(await from('https://example.org')).toBe(200);
    expect(await from('https://example.com')).toBe(403);
    expect(await statusOf('POST', { host, origin: 'https://example.com' }, '127.0.0.1', ['*'])).toBe(200);
  });
});

describe('guardPath', () => {
  test.each([
    ['/secret/', 200],
    ['/secret/more', 404],
    ['/secret', 404],
    ['/', 403],
    ['/secre/', 403],
    ['/secrets/', 403],
    ['//secret/', 403],
    ['//', 403],
    ['///', 403],
    ['//:', 403],
    ['//[', 403],
    ['//@', 403],
    ['//secret:99999/', 403],
    ['/secret/../other/', 403],
    ['/secret/%2e%2e/', 403],
    ['/SECRET/', 403],
  ])('answers %s with %d', async (url, status) => {
    const app = newApp();
    guardPath(app, 'secret');
    app.get('/:token/', async () => ({}));
    expect((await app.inject({ url })).statusCode).toBe(status);
  });
});

describe('assertKey', () => {
  test.each([
    ['Bearer right-key', 200],
    ['bearer right-key', 200],
    [undefined, 401],
    ['Bearer wrong-key', 401],
    ['Bearer right-key2', 401],
    ['Basic right-key', 401],
  ])('answers %j with %d', async (authorization, status) => {
    const app = newApp();
    app.addHook('onRequest', async (request) => assertKey(request, 'right-key'));
    app.get('/', async () => ({}));
    const headers: Headers = authorization === undefined ? {} : { authorization };
    const answer = await app.inject({ url: '/', headers });
    expect(answer.statusCode).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});
