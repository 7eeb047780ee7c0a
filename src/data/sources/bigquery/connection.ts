import { BigQuery } from '@google-cloud/bigquery';
import { hasGoogleCredentials } from '../detect.js';
import { missingCredentials } from './errors.js';

/** Who pays, and where the job runs. */
export interface ConnectionOptions {
  /** Google Cloud project that pays; the credentials' own where left out. */
  readonly project: string | undefined;
  /** Region of the tables, such as `US` or `europe-west3`; found out by BigQuery where left out. */
  readonly location: string | undefined;
}

/** The emulator that BIGQUERY_EMULATOR_HOST names, `http://localhost:9050`; undefined where there is none. */
function emulatorAddress(): string | undefined {
  const host = process.env['BIGQUERY_EMULATOR_HOST'];
  if (!host) return undefined;
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '');
}

/**
 * A BigQuery client with Application Default Credentials, or without any for an emulator. It does not try again by
 * itself: what may be asked twice, and what would cost twice, is decided by who asks.
 * @throws TitlesmithError when there are no credentials.
 */
export async function connect({ project, location }: ConnectionOptions): Promise<BigQuery> {
  const emulator = emulatorAddress();
  const client = new BigQuery({
    ...(project ? { projectId: project } : {}),
    ...(location ? { location } : {}),
    ...(emulator ? { apiEndpoint: emulator } : {}),
    retryOptions: { autoRetry: false },
  });
  if (emulator !== undefined) {
    // The client takes the variable as it is, and would look for credentials all the same.
    client.baseUrl = `${emulator}/bigquery/v2`;
    client.authClient.authorizeRequest = (request) => Promise.resolve({ ...request, headers: new Headers() });
    return client;
  }
  // Tells Google's own machines by their firmware instead of a request, which elsewhere takes seconds and
  // warns.
  process.env['METADATA_SERVER_DETECTION'] ??= 'bios-only';
  try {
    await client.authClient.getClient();
  } catch (error) {
    throw missingCredentials(hasGoogleCredentials().reason, error);
  }
  return client;
}
