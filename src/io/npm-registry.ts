import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TitlesmithError, usageError } from '../common/errors.js';

/** Where npm gets its packages from. */
interface NpmRegistry {
  /** URL without credentials and without a slash at its end. */
  readonly address: string;
  /** What authenticates requests there. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How long npm may take to say what it is configured with. */
const npmTimeoutMs = 60_000;

/**
 * The registry that npm takes where no setting names one, asked of npm itself: its default is its own to choose.
 * @throws TitlesmithError when there is no npm that says so.
 */
function defaultRegistry(environment: NodeJS.ProcessEnv): string {
  // On Windows npm is a script of the shell's.
  const shell = process.platform === 'win32';
  const options = { env: environment, encoding: 'utf8', shell, timeout: npmTimeoutMs } as const;
  const { status, stdout } = spawnSync('npm', ['config', 'get', 'registry'], options);
  if (status === 0 && stdout.trim() !== '') return stdout.trim();
  throw new TitlesmithError('npm does not say which registry it takes packages from.', {
    code: 'npm-registry-unknown',
    hint: 'Set npm_config_registry, or registry in .npmrc, to its URL.',
  });
}

/**
 * The folder whose node_modules hold an installed package, or whose .yarn, where Yarn's Plug'n'Play keeps it; that of the package
 * itself where nothing has installed it.
 */
function installingFolder(packageFolder: string): string {
  const [project] = packageFolder.split(/[\\/](?:node_modules|\.yarn)[\\/]/);
  return project ?? packageFolder;
}

/** The settings of an `.npmrc`: `key = value`, with variables as `${NAME}`. None where there is no such file. */
function readSettings(path: string, environment: NodeJS.ProcessEnv): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return new Map();
  }
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*[;#]/.test(line) && line.includes('='));
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=');
      const value = line
        .slice(at + 1)
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2')
        .replace(/\$\{(\w+)\}/g, (whole, name: string) => environment[name] ?? whole);
      return [line.slice(0, at).trim(), value];
    }),
  );
}

/** A setting by its variable `npm_config_NAME`, in any case, as npm takes it. */
function variable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const wanted = `npm_config_${name}`;
  const key = Object.keys(environment).find((candidate) => candidate.toLowerCase() === wanted);
  return (key && environment[key]) || undefined;
}

/** What `.npmrc` has to authenticate with at an address, by the longest part of the address that is named. */
function authorization(settings: ReadonlyMap<string, string>, { host, pathname }: URL): string | undefined {
  for (let path = `${pathname.replace(/\/*$/, '')}/`; ; path = path.replace(/[^/]+\/$/, '')) {
    const token = settings.get(`//${host}${path}:_authToken`);
    if (token !== undefined) return `Bearer ${token}`;
    const basic = settings.get(`//${host}${path}:_auth`);
    if (basic !== undefined) return `Basic ${basic}`;
    if (path === '/') return undefined;
  }
}

/**
 * The registry that npm is configured with: `npm_config_registry`, the `.npmrc` of the project that a package was installed in,
 * that of the user (`npm_config_userconfig`), else what npm itself says. Credentials are those of these files alone.
 * @param packageFolder of the installed package.
 * @throws TitlesmithError `usage` when it is no URL; when no setting names one and npm says none.
 */
export function npmRegistry(
  packageFolder: string,
  environment: NodeJS.ProcessEnv = process.env,
): NpmRegistry {
  const user = variable(environment, 'userconfig') ?? join(homedir(), '.npmrc');
  const settings = new Map([
    ...readSettings(user, environment),
    ...readSettings(join(installingFolder(packageFolder), '.npmrc'), environment),
  ]);
  const text =
    variable(environment, 'registry') ?? (settings.get('registry') || defaultRegistry(environment));
  let url: URL;
  try {
    url = new URL(text);
    if (!/^https?:$/.test(url.protocol)) throw new TypeError('neither http nor https');
  } catch {
    throw usageError(
      `npm's registry is ${JSON.stringify(text)}, which is no URL.`,
      'Set npm_config_registry, or registry in .npmrc, to an https URL.',
    );
  }
  const { username, password } = url;
  const inAddress = username
    ? `Basic ${Buffer.from([username, password].map(decodeURIComponent).join(':')).toString('base64')}`
    : undefined;
  [url.username, url.password] = ['', ''];
  const found = inAddress ?? authorization(settings, url);
  return {
    address: `${url.origin}${url.pathname}`.replace(/\/+$/, ''),
    headers: found === undefined ? {} : { Authorization: found },
  };
}

/** Whether npm is told to make no requests (`npm_config_offline`). */
export const isNpmOffline = (environment: NodeJS.ProcessEnv = process.env): boolean =>
  variable(environment, 'offline') === 'true';
