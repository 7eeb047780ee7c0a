import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findProgram } from '../programs.js';

export const findGcloud = (): string | undefined => findProgram('gcloud', 'GCLOUD');

/** What gcloud asked Google for. */
export interface Asked {
  readonly method: string;
  readonly address: string;
  readonly body: unknown;
}

/**
 * Runs a command of gcloud, whose requests to Cloud Run, Cloud Scheduler and Secret Manager come here instead: nothing exists there, and
 * nothing is made. @returns what it asked for, and what it said.
 */
export async function runGcloud(
  command: string,
  cwd: string,
  home: string,
): Promise<{ asked: Asked[]; errors: string }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const body: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
      asked.push({ method: request.method ?? '', address: request.url ?? '', body });
      const error = { code: 404, message: 'not here', status: 'NOT_FOUND' };
      response.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  mkdirSync(home, { recursive: true });
  const token = join(home, 'token');
  writeFileSync(token, 'none');
  const settings = {
    CONFIG: home,
    CORE_PROJECT: 'my-project',
    CORE_DISABLE_PROMPTS: '1',
    CORE_DISABLE_USAGE_REPORTING: '1',
    COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    AUTH_ACCESS_TOKEN_FILE: token,
    // As a proxy, since gcloud puts the region before the host.
    PROXY_TYPE: 'http',
    PROXY_ADDRESS: '127.0.0.1',
    PROXY_PORT: String(port),
    API_ENDPOINT_OVERRIDES_RUN: 'http://run.invalid/',
    API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER: 'http://scheduler.invalid/',
    API_ENDPOINT_OVERRIDES_SECRETMANAGER: 'http://secrets.invalid/',
  };
  const environment = Object.entries(settings).map(([name, value]) => [`CLOUDSDK_${name}`, value]);
  const child = spawn('bash', ['-c', command], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home, ...Object.fromEntries(environment) },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  await once(child, 'close');
  server.closeAllConnections();
  server.close();
  return { asked, errors };
}
