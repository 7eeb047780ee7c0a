import { describe, expect, test } from 'vitest';
import { HttpError } from '../../../src/web/http-error.js';
import { createHttpApp, type HttpApp, servePage } from '../../../src/web/server/http-app.js';

class OwnError extends Error {}

function newApp(bugs: Error[] = []): HttpApp {
  const app = createHttpApp({
    bodyBytes: 100,
    connections: 10,
    internalErrorHint: 'see the test',
    onInternalError: (error) => bugs.push(error),
    translateError: (error) =>
      error instanceof OwnError
        ? new HttpError(409, error.message, { code: 'own', more: { state: 7 } })
        : undefined,
  });
  const body = {
    type: 'object',
    required: ['count'],
    additionalProperties: false,
    properties: { count: { type: 'integer' }, kind: { enum: ['a', 'b'] } },
  };
  app.post('/count', { schema: { body } }, async (request) => request.body);
  app.get('/bug', async () => {
    throw new Error('a secret of ours');
  });
  app.get('/own', async () => {
    throw new OwnError('Too late.');
  });
  return app;
}

const json = { 'content-type': 'application/json' };

describe('a server of ours', () => {
  test.each([
    ['{"count":1}', json, 200, undefined],
    ['{"count":"1"}', json, 400, 'count must be a whole number; it is the text "1".'],
    ['{}', json, 400, 'count is missing.'],
    ['{"count":1,"more":1}', json, 400, '"more" is no field of this request.'],
    ['{"count":1,"kind":"c"}', json, 400, 'kind must be "a" or "b"; it is the text "c".'],
    ['[]', json, 400, 'The body must be an object; it is a list of 0.'],
    ['{', json, 400, 'The body is not JSON.'],
    ['', json, 400, 'The body is empty.'],
    ['{"__proto__":1}', json, 400, 'The body is not JSON.'],
    ['{"count":1}', { 'content-type': 'text/plain' }, 415, 'Send the body as application/json.'],
    ['count=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, undefined],
    [`{"count":${'1'.repeat(100)}}`, json, 413, 'The body is larger than 100 bytes.'],
  ])('answers the body %j with %j by %d', async (payload, headers, status, message) => {
    const answer = await newApp().inject({ method: 'POST', url: '/count', headers, payload });
    expect(answer.statusCode).toBe(status);
    if (message !== undefined) expect(answer.json()).toMatchObject({ error: { message } });
  });

  test('refuses unknown paths and methods, saying which methods there are', async () => {
    const app = newApp();
    expect((await app.inject({ url: '/nowhere' })).json().error.code).toBe('not_found');
    const answer = await app.inject({ method: 'DELETE', url: '/count' });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
  });

  test('tells nobody but the person who runs it of a bug, and its own errors as they are', async () => {
    const bugs: Error[] = [];
    const app = newApp(bugs);
    const bug = await app.inject({ url: '/bug' });
    expect([bug.statusCode, bug.json()]).toEqual([
      500,
      {
        error: {
          message: 'Something went wrong; see the test.',
          type: 'server_error',
          param: null,
          code: 'internal_error',
        },
      },
    ]);
    expect(bugs.map(({ message }) => message)).toEqual(['a secret of ours']);
    const own = await app.inject({ url: '/own' });
    expect([own.statusCode, own.json()]).toMatchObject([409, { error: { code: 'own' }, state: 7 }]);
    expect(bugs).toHaveLength(1);
  });

  test('sends the security headers with every answer, and a page with its policy', async () => {
    const app = newApp();
    servePage(app, {
      page: { url: '/page', content: '<p>' },
      styles: { url: '/page.css', content: 'p {}' },
      script: { url: '/page.js', content: ';' },
    });
    for (const url of ['/page', '/page.css', '/page.js', '/nowhere', '/bug']) {
      const { headers } = await app.inject({ url });
      expect(headers['content-security-policy'], url).toMatch(/^default-src 'none'/);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
    const page = await app.inject({ url: '/page' });
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await app.inject({ method: 'HEAD', url: '/page.js' })).headers['content-type']).toMatch(
      /^text\/javascript/,
    );
  });
});
