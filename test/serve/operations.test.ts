import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { atMoments, lastLine, runCli, startCli } from '../cli/run-cli.js';
import { freePort } from '../programs.js';
import { makeRun, post, type Serving, serve } from './serve-run.js';

let run: string;
let serving: Serving;
beforeAll(async () => {
  run = await makeRun();
  serving = await serve(run, ['--capacity', '1024']);
});

async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url).then(
    ({ status }) => status,
    () => undefined,
  );
}

describe('health', () => {
  test('is 503 until the model is loaded, and so is everything that needs it', async () => {
    const slow = await makeRun('slow');
    const pipe = join(slow, 'dataset/validation.txt');
    const content = await readFile(pipe, 'utf8');
    await rm(pipe);
    // Loading waits for what is written into the pipe.
    execFileSync('mkfifo', [pipe]);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const environment = { PORT: String(port) };
    const started = startCli(['serve', slow, '--host', '127.0.0.1', '--json'], slow, environment);
    await expect.poll(() => statusOf(`${url}health`)).toBe(503);
    expect(await (await fetch(`${url}health`)).json()).toEqual({ status: 'loading' });
    expect(await statusOf(`${url}health/live`)).toBe(200);
    expect(await statusOf(`${url}page`)).toBe(200);
    for (const answer of [
      await fetch(url),
      await fetch(url, { method: 'HEAD' }),
      await post(`${url}texts`, {}),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
    }
    await writeFile(pipe, content);
    await expect.poll(() => statusOf(`${url}health`)).toBe(200);
    expect(await statusOf(`${url}?length=2`)).toBe(200);
    started.child.kill('SIGTERM');
    expect((await started.finished).code).toBe(0);
  });
});

describe('SIGTERM', () => {
  // As src/serve/server.ts has them.
  const [graceMs, errorDeliveryMs] = [8000, 500];

  test('lets answers under way end, takes no others, and ends with 0', async () => {
    const draining = await serve(run, ['--capacity', '1024', '--slots', '2'], atMoments({ timer: graceMs }));
    const long = { model: 'made-up', n: 3, max_tokens: 400, stream: true, seed: 1 };
    const answer = await post(`${draining.url}v1/completions`, long);
    const health = await fetch(`${draining.url}health`);
    expect(health.status).toBe(200);
    draining.started.child.kill('SIGTERM');
    await expect.poll(() => statusOf(`${draining.url}health`)).not.toBe(200);
    const text = await answer.text();
    expect(text.slice(-400)).toMatch(/data: \[DONE\]\n\n$/);
    const { code, output } = await draining.started.finished;
    expect(code).toBe(0);
    expect(output).toContain('Shutting down');
  });

  test('does not wait for answers that would take longer than the grace', async () => {
    const flags = ['--capacity', '1024', '--slots', '1', '--queue', '1023', '--deadline', '600'];
    const graceIsOver = { output: /Shutting down/, timer: graceMs };
    const draining = await serve(run, flags, atMoments(graceIsOver, { timer: errorDeliveryMs }));
    const long = { model: 'made-up', n: 1024, max_tokens: 1000, stream: true };
    const answer = await post(`${draining.url}v1/completions`, long);
    draining.started.child.kill('SIGTERM');
    expect((await answer.text()).slice(-2000)).toContain('shutting_down');
    expect((await draining.started.finished).code).toBe(0);
  });
});

describe('the log', () => {
  test('is one JSON object a line, without what people asked for', async () => {
    const secret = 'a very private prompt';
    await fetch(`${serving.url}?length=2&prefix=${encodeURIComponent(secret)}`);
    await post(`${serving.url}v1/completions`, { model: 'made-up', prompt: secret, max_tokens: 2 });
    await fetch(`${serving.url}${encodeURIComponent(secret)}`);
    const told = await serve(run, ['--log-prompts']);
    await post(`${told.url}texts`, { prompt: secret, length: 2 });
    const [plain, telling] = [await serving.stop(), await told.stop()];
    serving = await serve(run);
    const lines = plain.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const answered = lines.filter(({ httpRequest }) => httpRequest !== undefined);
    expect(answered.length).toBeGreaterThanOrEqual(3);
    expect(answered[0]).toMatchObject({
      severity: 'INFO',
      httpRequest: { requestMethod: 'GET', status: 200 },
    });
    expect(plain.output + plain.errors).not.toMatch(/private/);
    expect(telling.output).toContain(secret);
  });
});

describe('figures', () => {
  test('are in the format of Prometheus', async () => {
    const completion = await post(`${serving.url}v1/completions`, { model: 'made-up', n: 3, max_tokens: 4 });
    // A drawn text may end before its fourth token.
    const { usage } = (await completion.json()) as { usage: { completion_tokens: number } };
    const answer = await fetch(`${serving.url}metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    expect(text).toMatch(/^titlesmith_texts_total\{model="made-up"\} 3$/m);
    expect(usage.completion_tokens).toBeGreaterThan(0);
    expect(text).toContain(`\ntitlesmith_tokens_total{model="made-up"} ${usage.completion_tokens}\n`);
    expect(text).toMatch(/^titlesmith_slots\{model="made-up"\} 32$/m);
    expect(text).toMatch(/^titlesmith_ready\{model="made-up"\} 1$/m);
    expect(text).toMatch(
      /^titlesmith_http_requests_total\{method="POST",route="\/v1\/completions",status="200"\} 1$/m,
    );
    expect(text).toMatch(/^titlesmith_time_to_first_text_seconds_count\{model="made-up"\} 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });
});

describe('who may ask', () => {
  const key = 'kx9-secret-key';

  test('only those with the key, where there is one', async () => {
    writeFileSync(join(run, 'key'), `${key}\n`);
    const locked = await serve(run, ['--api-key-file', join(run, 'key')]);
    const ask = (authorization?: string): Promise<Response> =>
      post(
        `${locked.url}texts`,
        { length: 2 },
        authorization === undefined ? {} : { headers: { authorization } },
      );
    for (const wrong of [undefined, 'Bearer', 'Bearer wrong', `Basic ${key}`, `Bearer ${key}x`]) {
      const answer = await ask(wrong);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    }
    expect((await ask(`Bearer ${key}`)).status).toBe(200);
    expect(await statusOf(`${locked.url}metrics`)).toBe(401);
    expect(await statusOf(locked.url)).toBe(401);
    expect(await statusOf(`${locked.url}health`)).toBe(200);
    expect(await (await fetch(`${locked.url}page`)).text()).toContain('id="key"');
    const { output, errors } = await locked.stop();
    expect(output + errors).not.toContain(key);
  });

  test('no page of another site, unless its origin is allowed', async () => {
    const origin = 'https://example.org';
    const foreign = await fetch(`${serving.url}?length=2`, { headers: { origin } });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const own = await fetch(`${serving.url}?length=2`, { headers: { origin: new URL(serving.url).origin } });
    expect(own.status).toBe(200);
    const open = await serve(run, ['--cors-origin', origin]);
    const allowed = await fetch(`${open.url}?length=2`, { headers: { origin } });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    const asked = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };
    const preflight = await fetch(`${open.url}v1/completions`, asked);
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const other = await fetch(`${open.url}?length=2`, { headers: { origin: 'https://example.com' } });
    expect(other.status).toBe(403);
  });

  test('every answer carries the headers that keep it to itself', async () => {
    for (const path of ['', 'page', 'nowhere', 'health', 'v1/models']) {
      const { headers } = await fetch(serving.url + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('what cannot be served ends in one clear line', () => {
  test.each([
    [['serve', 'nowhere'], 2, /nowhere/],
    [['serve'], 2, /serve needs <model>/],
    [['serve', '.', '--port', '99999'], 2, /--port got "99999"/],
    [['serve', '.', '--slots', '0'], 2, /--slots got "0"/],
    [['serve', '.', '--cors-origin', 'example.org'], 2, /--cors-origin got "example.org"/],
    [['serve', '.', '--api-key-file', 'none'], 1, /none: no such file/],
    [['serve', '.', '--host', '192.0.2.1'], 2, /--host "192\.0\.2\.1" is not an address of this machine/],
  ])('%j', async (command, code, message) => {
    const finished = await runCli([...command], run, { TITLESMITH_API_KEY: '' });
    expect(finished.code).toBe(code);
    expect(lastLine(finished)).toMatch(message);
    expect(finished.errors).not.toMatch(/\n {4}at /);
  });

  test('a port that is taken', async () => {
    const { port } = new URL(serving.url);
    const finished = await runCli(['serve', run, '--host', '127.0.0.1', '--port', port], run);
    expect([finished.code, lastLine(finished)]).toEqual([
      2,
      `Error: --port ${port} cannot be used: another program has it. Choose another, or 0 for any free one.`,
    ]);
  });

  test('a damaged model', async () => {
    const broken = await makeRun('broken');
    await writeFile(join(broken, 'checkpoint/model.safetensors'), 'no weights');
    const finished = await runCli(['serve', broken, '--port', '0'], broken);
    expect(finished.code).toBe(1);
    expect(lastLine(finished)).toMatch(/model\.safetensors/);
  });
});
