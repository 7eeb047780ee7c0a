import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/common/package-root.js';
import { parseBatchFile } from '../../src/pipeline/batch/batch-file.js';
import { settingNames, settingSpecification } from '../../src/pipeline/batch/settings.js';
import { defaultInWords, flagOf } from '../../src/pipeline/options.js';
import { temporaryFolder } from '../cli/run-cli.js';

const run = promisify(execFile);
const entry = join(packageRoot, 'dist/cli.js');
const folder = temporaryFolder();
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const pages = ['README.md', ...readdirSync(join(packageRoot, 'docs')).map((name) => `docs/${name}`)];

/** What stands between fences of a language. */
function fenced(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body]) =>
    name === language ? [body ?? ''] : [],
  );
}

/** Words of a shell's line: plain ones, and those in quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

/** The command lines of titlesmith in a page, without `npm run`. */
function commandsOf(text: string): string[][] {
  const lines = [...fenced(text, ''), ...fenced(text, 'sh')]
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  return lines.flatMap((line) => {
    const [, command, rest] = /^(?:npm ci && )?npm run (\w+) -- (.*)$/.exec(line.trim()) ?? [];
    if (command === undefined || command === 'bench') return [];
    expect(scripts).toContain(command);
    return [[command, ...words(rest ?? '')]];
  });
}

/**
 * Hands a command to the real command line, with a flag at its end that does not exist: that this alone is complained
 * about says that the command, its flags and their values are understood. Nothing is run.
 */
async function complaint(command: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: folder };
  const failed = await run(process.execPath, [entry, ...command, '--no-such-flag'], {
    cwd: folder,
    env,
  }).catch((error: { stderr: string }) => error);
  return failed.stderr.trim();
}

describe('every command in the pages', () => {
  const commands = pages.flatMap((page) => commandsOf(read(page)).map((command) => [page, command] as const));

  test('is found', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  test('is understood by the command line', async () => {
    const waiting = [...commands];
    const faults: string[] = [];
    const worker = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const [page, command] = next;
        const said = await complaint(command);
        if (!said.startsWith("Error: unknown option '--no-such-flag'"))
          faults.push(`${page}: ${command.join(' ')}: ${said}`);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(faults).toEqual([]);
  });
});

describe('docs/batch.md', () => {
  test('lists every setting as the command line has it', () => {
    const rows = settingNames.map((name) => {
      const specification = settingSpecification(name);
      const key = flagOf(name).slice(2);
      return `| \`${key}\` | ${specification.help} | ${defaultInWords(specification) ?? ''} |`;
    });
    const listed = read('docs/batch.md')
      .split('\n')
      .filter((line) => /^\| `[a-z-]+` \|/.test(line));
    expect(listed).toEqual(rows);
  });

  test('shows batch files that are taken', () => {
    const [whole, part] = fenced(read('docs/batch.md'), 'yaml');
    expect(parseBatchFile(whole!, 'batch.yaml').runs.map(({ name }) => name)).toEqual([
      'askreddit',
      'showerthoughts',
      'til-small',
    ]);
    expect(parseBatchFile(`${part}subreddits: [askreddit]\n`, 'batch.yaml').runs[0]?.given.addMonths).toBe(
      true,
    );
  });
});
