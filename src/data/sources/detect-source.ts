import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What was found out about Google credentials on this machine, without asking the network. */
interface CredentialsFound {
  readonly found: boolean;
  /** What speaks for it or against it, as the end of "because …". */
  readonly reason: string;
}

/** Where `gcloud auth application-default login` leaves credentials. */
function gcloudFile(environment: NodeJS.ProcessEnv): string {
  const folder =
    environment['CLOUDSDK_CONFIG'] ??
    (process.platform === 'win32'
      ? join(environment['APPDATA'] ?? '', 'gcloud')
      : join(environment['HOME'] ?? homedir(), '.config', 'gcloud'));
  return join(folder, 'application_default_credentials.json');
}

/**
 * Looks for Application Default Credentials in the places of a person's machine: the variable, then gcloud's
 * file. The metadata server of Google's own machines is not asked, as that takes seconds elsewhere; name
 * BigQuery there.
 */
export function hasGoogleCredentials(environment: NodeJS.ProcessEnv = process.env): CredentialsFound {
  if (environment['BIGQUERY_EMULATOR_HOST']) return { found: true, reason: 'BIGQUERY_EMULATOR_HOST is set' };
  const named = environment['GOOGLE_APPLICATION_CREDENTIALS'];
  if (named) {
    if (existsSync(named)) return { found: true, reason: 'GOOGLE_APPLICATION_CREDENTIALS is set' };
    return { found: false, reason: 'GOOGLE_APPLICATION_CREDENTIALS names a file that is not there' };
  }
  if (existsSync(gcloudFile(environment))) return { found: true, reason: 'gcloud has credentials' };
  return { found: false, reason: 'no Google credentials were found' };
}

/** What `auto` means where no file is named: BigQuery with Google credentials, else the bundled sample. */
export function detectSource(environment: NodeJS.ProcessEnv = process.env): {
  readonly name: 'bigquery' | 'sample';
  readonly reason: string;
} {
  const { found, reason } = hasGoogleCredentials(environment);
  return { name: found ? 'bigquery' : 'sample', reason };
}
