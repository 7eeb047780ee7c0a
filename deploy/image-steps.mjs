// Does what `docker build` does with deploy/Dockerfile, or that of -f, where there is no Docker: every step, one by one, in a
// clean folder, with this machine's node and npm in place of the base image's. Then lists what the image holds.
// Usage: node deploy/image-steps.mjs [-f deploy/batch/Dockerfile] <new folder> [RUN=runs/askreddit]
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string', short: 'f', default: 'deploy/Dockerfile' } },
});
const [target, ...given] = positionals;
if (target === undefined || existsSync(target)) {
  process.stderr.write('Name a folder that is not there yet, and the build arguments.\n');
  process.exit(2);
}
const context = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const buildArguments = Object.fromEntries(given.map((pair) => pair.split('=')));

/** @type {Record<string, {root: string, folder: string, environment: Record<string, string>}>} */
const stages = {};
let stage;
let count = 0;

const withArguments = (text) => text.replace(/\$\{(\w+)\}/g, (_, name) => buildArguments[name] ?? '');
const inStage = ({ root, folder }, path) =>
  path.startsWith('/') ? join(root, path) : join(root, folder, path);

/** What a pattern matches in its folder, which may be nothing; any other path is itself. */
function matching(path) {
  const pattern = basename(path);
  if (!/[*[]/.test(pattern)) return [path];
  const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const names = readdirSync(dirname(path)).filter((name) => expression.test(name));
  return names.map((name) => join(dirname(path), name));
}

function copy(words) {
  const from = words[0]?.startsWith('--from=') ? stages[words.shift().slice('--from='.length)] : undefined;
  const destination = words.pop();
  for (const source of words.flatMap((word) =>
    matching(from ? join(from.root, word) : resolve(context, word)),
  )) {
    const to = inStage(stage, destination);
    // A folder's content goes into the destination; a file goes by its own name where that is a folder.
    const isFolder = lstatSync(source).isDirectory();
    cpSync(source, isFolder || !destination.endsWith('/') ? to : join(to, basename(source)), {
      recursive: true,
    });
  }
}

const steps = {
  FROM: ([, as, name]) => {
    const root = resolve(target, as === undefined ? 'image' : name);
    stage = { root, folder: '/', environment: {} };
    stages[name ?? 'image'] = stage;
    mkdirSync(root, { recursive: true });
  },
  WORKDIR: ([folder]) => {
    stage.folder = folder;
    mkdirSync(join(stage.root, folder), { recursive: true });
  },
  ENV: (words) => Object.assign(stage.environment, Object.fromEntries(words.map((word) => word.split('=')))),
  COPY: copy,
  RUN: (words) => {
    const options = { cwd: join(stage.root, stage.folder), stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('sh', ['-ec', words.join(' ')], {
      ...options,
      env: { ...process.env, ...stage.environment },
    });
  },
  ARG: () => {},
  USER: () => {},
  EXPOSE: () => {},
  ENTRYPOINT: () => {},
};

const text = readFileSync(join(context, values.file), 'utf8').replaceAll(/\\\n\s*/g, '');
for (const line of text.split('\n')) {
  if (line === '' || line.startsWith('#')) continue;
  process.stdout.write(`step ${++count}: ${line}\n`);
  const [name, ...words] = withArguments(line).split(/\s+/);
  if (steps[name] === undefined) throw new Error(`no step ${name}`);
  steps[name](words);
}

function sizeOf(path) {
  const status = lstatSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

const megabytes = (path) => (sizeOf(path) / 1e6).toFixed(1).padStart(8);
const app = join(stage.root, stage.folder);
process.stdout.write(`\nThe image holds, besides its base:\n${megabytes(app)} MB in all\n`);
for (const part of ['.', 'model', 'model/checkpoint', 'node_modules']) {
  if (!existsSync(join(app, part))) continue;
  const entries = readdirSync(join(app, part)).map((name) => join(part, name));
  const shown = part === 'node_modules' ? entries.filter((entry) => sizeOf(join(app, entry)) > 1e6) : entries;
  for (const entry of shown) process.stdout.write(`${megabytes(join(app, entry))} MB  ${entry}\n`);
}
