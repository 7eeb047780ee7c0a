import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileError, usageError } from '../common/errors.js';
import type { Precision } from '../options/choices.js';
import type { ServeOptions } from '../options/option-table.js';
import { readOption } from '../options/option-values.js';
import { serveOptions } from '../options/table/serve.js';
import type { ServeSettings } from '../serve/served-model.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';

/** Settings of a server, and the reasons for what was decided, one line each. */
interface DecidedServeSettings {
  readonly settings: ServeSettings;
  readonly reasons: readonly string[];
}

/**
 * Decides where a server listens and what it computes on.
 * @param precision of the models.
 * @throws TitlesmithError when the key file cannot be read, or the device is not there.
 */
export async function decideServeSettings(
  options: ServeOptions,
  precision: Precision,
  environment: NodeJS.ProcessEnv,
): Promise<DecidedServeSettings> {
  const host = chooseHost(options.host, environment);
  const device = await decideDevice({ ...options, precision });
  const { slots, deadline } = options;
  const settings: ServeSettings = {
    host: host.choice,
    port: options.port ?? portOf(environment['PORT']) ?? 8080,
    slots,
    queue: options.queue ?? Math.ceil(slots / 2),
    deadlineSeconds: deadline,
    capacity: options.capacity,
    device: decidedDevice(device),
    threads: options.threads ?? availableParallelism(),
    apiKey: await readKey(options.apiKeyFile, environment['TITLESMITH_API_KEY']),
    corsOrigins: options.corsOrigin,
    allowedHosts: options.allowedHost,
    log: options.log === 'auto' ? 'json' : options.log,
    logPrompts: options.logPrompts,
  };
  return { settings, reasons: [describeDevice(device), `host: ${host.choice} (${host.reason})`] };
}

/** By default loopback only; all interfaces in a container, whose port is reachable only through its platform. */
function chooseHost(
  host: string | undefined,
  environment: NodeJS.ProcessEnv,
): { readonly choice: string; readonly reason: string } {
  if (host !== undefined) return { choice: host, reason: 'as given' };
  const signs = ['K_SERVICE', 'KUBERNETES_SERVICE_HOST'].filter((name) => environment[name] !== undefined);
  const [sign] = existsSync('/.dockerenv') ? ['/.dockerenv', ...signs] : signs;
  if (sign === undefined) return { choice: '127.0.0.1', reason: 'this machine alone; --host for others' };
  return { choice: '0.0.0.0', reason: `${sign} says that this is a container` };
}

function portOf(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  return readOption('PORT of the environment', serveOptions.port, value) as number;
}

async function readKey(
  path: string | undefined,
  fromEnvironment: string | undefined,
): Promise<string | undefined> {
  let key = fromEnvironment;
  if (path !== undefined) {
    try {
      key = (await readFile(path, 'utf8')).trim();
    } catch (error) {
      throw fileError('read', path, error);
    }
  }
  if (key === undefined || (key === '' && path === undefined)) return undefined;
  if (/^[\x21-\x7e]{8,500}$/.test(key)) return key;
  const where = path ?? 'TITLESMITH_API_KEY';
  throw usageError(`The key of ${where} is not 8 to 500 printable ASCII characters without spaces.`);
}
