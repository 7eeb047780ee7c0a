import { connect } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { attacks } from './attacks.js';
import { figure, makeRun, type Serving, serve } from './serve-run.js';

let serving: Serving;
beforeAll(async () => {
  serving = await serve(await makeRun(), ['--capacity', '1024', '--slots', '4']);
});

/**
 * Sends bytes as they are, and gives back all that is answered until the server closes the connection; undefined where
 * the connection was reset before an answer could be read.
 */
function sendOnce(pieces: readonly (string | Buffer)[], pauseMs: number): Promise<string | undefined> {
  const { hostname, port } = new URL(serving.url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = '';
    let rest = [...pieces];
    let reset = false;
    const go = (): void => {
      const [next, ...more] = rest;
      rest = more;
      if (next === undefined || socket.destroyed) return;
      socket.write(next);
      setTimeout(go, pauseMs);
    };
    socket.on('connect', go);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    // A server that answers before it has read everything closes the connection under the sender.
    socket.on('error', () => {
      reset = true;
    });
    socket.on('close', () => resolve(reset && answer === '' ? undefined : answer));
  });
}

/** The same, sent again where a reset overtook the answer: TCP drops what was not read yet (RFC 1122, 4.2.2.13). */
async function send(pieces: readonly (string | Buffer)[], pauseMs: number): Promise<string> {
  for (let attempt = 1; attempt < 5; attempt++) {
    const answer = await sendOnce(pieces, pauseMs);
    if (answer !== undefined) return answer;
  }
  return '';
}

test('200 malformed and malicious requests: each a 4xx in JSON, and nobody else waits', async () => {
  expect(attacks.length).toBeGreaterThanOrEqual(200);
  const faults: string[] = [];
  const host = new URL(serving.url).host;
  let answered = 0;
  const innocent = async (): Promise<void> => {
    while (answered < attacks.length) {
      const response = await fetch(`${serving.url}?length=3`);
      if (response.status !== 200) faults.push(`a harmless request got ${response.status}`);
      await response.text();
    }
  };
  const watching = innocent();
  await Promise.all(
    attacks.map(async ({ name, pieces, pauseMs = 0 }) => {
      const answer = await send(pieces(host), pauseMs);
      answered++;
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
      const complain = (what: string): void => void faults.push(`${name}: ${what}: ${answer.slice(0, 300)}`);
      if (!(status >= 400 && status < 500)) return complain('no 4xx');
      if (!/content-type: application\/json/i.test(head)) return complain('no JSON');
      if (/^HEAD /.test(String(pieces(host)[0]))) return;
      const text = /transfer-encoding: chunked/i.test(head)
        ? body.replace(/^[0-9a-f]+\r\n|\r\n0$/gim, '')
        : body;
      let message: unknown;
      try {
        message = (JSON.parse(text) as { error: { message: unknown } }).error.message;
      } catch {
        return complain('no JSON');
      }
      if (typeof message !== 'string' || message === '') complain('no message');
      if (/\bat .*\.(js|ts):|node_modules|src\/|dist\//.test(answer)) complain('a stack');
      if (/<script|onerror/i.test(answer)) complain('markup given back');
    }),
  );
  await watching;
  expect(faults).toEqual([]);
  await expect.poll(() => figure(serving.url, 'texts_pending')).toBe(0);
  expect((await fetch(`${serving.url}health`)).status).toBe(200);
  const { output, errors, code } = await serving.stop();
  expect(code).toBe(0);
  expect(output + errors).not.toMatch(/"severity":"ERROR"|internal_error|UnhandledPromise/);
});
