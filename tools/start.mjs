// Starts a command in a checkout, for `npm run`: builds first, but only where a source is newer than what was built.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** When something was last changed, in milliseconds; 0 where it is not there. */
const changedAt = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** What is built from: the folders too, as they change where a file is removed. */
function sources() {
  const inside = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join('src', name));
  return ['src', ...inside, 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
}

/** The build writes this file last, and writes it always. */
const builtAt = changedAt('dist/cli.js') === 0 ? 0 : changedAt('dist/client/report.js');

if (sources().some((path) => changedAt(path) > builtAt)) {
  const why = builtAt === 0 ? 'it was not built yet' : 'its sources have changed';
  process.stderr.write(`Building titlesmith, as ${why} …\n`);
  // What the compiler says must not get among a command's output.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], options);
  if (status !== 0) process.exit(status ?? 1);
}
await import(pathToFileURL(join(root, 'dist/cli.js')).href);
