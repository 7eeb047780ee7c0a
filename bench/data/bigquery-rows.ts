import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';
import { startFaultServer } from '../../test/data/sources/fault-server.js';

/**
 * Extracts the rows of one BigQuery job to titles.csv, from a server on this machine that makes its pages up as they are
 * asked for and resets the connection on every hundredth: `npm run bench -- data/bigquery-rows [--rows 1000000 --rows
 * 5000000]`. Tells time, peak memory and titles.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', multiple: true, default: ['1000000', '5000000'] },
      cli: { type: 'string', default: join(packageRoot, 'dist/cli.js') },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-'));
  console.log(
    '| rows | resets | seconds | rows/s | peak MB | titles.csv |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const rows of values.rows.map(Number)) {
    const server = await startFaultServer({ rows });
    for (let first = 0; first < rows; first += 500_000)
      server.faults.set(`page ${first}`, [{ kind: 'reset' }]);
    const figures = join(folder, 'time.txt');
    const asked = ['--source', 'bigquery', '--project', 'project', '--subreddit', 'askreddit'];
    const run = ['--until', 'extract', '--limit', String(rows), '--runs-dir', folder, '--overwrite'];
    const command = [process.execPath, values.cli, 'pipeline', ...asked, ...run];
    const started = performance.now();
    const child = spawn('/usr/bin/time', ['-f', '%M', '-o', figures, ...command], {
      stdio: 'ignore',
      env: { ...process.env, BIGQUERY_EMULATOR_HOST: server.address },
    });
    const [code] = await once(child, 'close');
    const seconds = (performance.now() - started) / 1000;
    const resets = server.log.length - 2 - Math.ceil(rows / 5000);
    await server.close();
    if (code !== 0) throw new Error(`The run ended with ${code}.`);
    const titles = join(folder, 'askreddit/titles.csv');
    const records = readFileSync(titles, 'latin1').split('\r\n').length - 2;
    const peak = Number(readFileSync(figures, 'utf8')) / 1000;
    const size = `${records} titles, ${(statSync(titles).size / 1e6).toFixed(1)} MB`;
    console.log(
      `| ${rows} | ${resets} | ${seconds.toFixed(1)} | ${Math.round(rows / seconds)} | ${Math.round(peak)} | ${size} |`,
    );
  }
  rmSync(folder, { recursive: true });
}

await main();
