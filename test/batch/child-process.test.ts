import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stopGracefully } from '../../src/batch/child-process.js';
import { temporaryFolder } from '../cli/run-cli.js';

const script = join(temporaryFolder(), 'child.mjs');
writeFileSync(
  script,
  `setInterval(() => {}, 1000);
process.on('SIGTERM', () => process.exit(130));
process.once('disconnect', () => process.emit('SIGTERM', 'SIGTERM'));
process.send('ready');
`,
);

test.each(['linux', 'win32'] as const)('a process is asked to save, on %s', async (platform) => {
  const child = fork(script);
  await once(child, 'message');
  const killer = stopGracefully(child, platform);
  expect(child.connected).toBe(platform !== 'win32');
  expect(await once(child, 'exit')).toEqual([130, null]);
  clearTimeout(killer);
});
