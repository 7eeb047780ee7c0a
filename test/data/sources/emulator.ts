import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BigQuery } from '@google-cloud/bigquery';
import { findProgram, freePort } from '../../programs.js';
import { monthOf, type Post } from './posts.js';

/** Where goccy/bigquery-emulator is; undefined where nowhere. */
export const findEmulator = (): string | undefined => findProgram('bigquery-emulator', 'BIGQUERY_EMULATOR');

/** A running emulator with the dataset `fh-bigquery.reddit_posts`. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`, what BIGQUERY_EMULATOR_HOST takes. */
  readonly address: string;
  /** Adds posts to a table a month, `2013_03`, made where it is not there. */
  load(posts: readonly Post[]): Promise<void>;
  stop(): void;
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (line.includes('REST server listening')) resolve();
      });
    }
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`The BigQuery emulator ended with ${code}.`)));
  });
}

/** Starts the emulator on free ports, its tables in memory. */
export async function startEmulator(program: string): Promise<Emulator> {
  const [port, grpcPort] = [await freePort(), await freePort()];
  const flags = ['--project=fh-bigquery', '--dataset=reddit_posts', '--host=127.0.0.1'];
  const child = spawn(program, [...flags, `--port=${port}`, `--grpc-port=${grpcPort}`], { stdio: 'pipe' });
  await listening(child);
  const address = `http://127.0.0.1:${port}`;
  return { address, load: (posts) => loadPosts(address, posts), stop: () => child.kill('SIGKILL') };
}

async function loadPosts(address: string, posts: readonly Post[]): Promise<void> {
  const client = new BigQuery({ projectId: 'fh-bigquery', apiEndpoint: address });
  client.baseUrl = `${address}/bigquery/v2`;
  client.authClient.authorizeRequest = (request) => Promise.resolve({ ...request, headers: new Headers() });
  const dataset = client.dataset('reddit_posts');
  const fields = {
    title: 'STRING',
    subreddit: 'STRING',
    score: 'INTEGER',
    created_utc: 'INTEGER',
    id: 'STRING',
  };
  const schema = Object.entries(fields).map(([field, type]) => ({ name: field, type }));
  for (const month of new Set(posts.map(monthOf))) {
    const table = dataset.table(month.replace('-', '_'));
    const [isThere] = await table.exists();
    if (!isThere) await table.create({ schema });
    await table.insert(posts.filter((candidate) => monthOf(candidate) === month));
  }
}
