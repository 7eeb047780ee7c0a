import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { detectSource } from '../../../src/data/sources/detect-source.js';
import { temporaryFolder, write } from './helpers.js';

const [empty, loggedIn] = [temporaryFolder(), temporaryFolder()];
mkdirSync(`${loggedIn}/.config/gcloud`, { recursive: true });
const file = write(`${loggedIn}/.config/gcloud`, 'application_default_credentials.json', '{}');

test.each([
  ['nothing', { HOME: empty }, 'sample', /no Google credentials/],
  ['the variable', { HOME: empty, GOOGLE_APPLICATION_CREDENTIALS: file }, 'bigquery', /GOOGLE_APPLICATION/],
  [
    'the variable, file missing',
    { HOME: loggedIn, GOOGLE_APPLICATION_CREDENTIALS: `${empty}/x` },
    'sample',
    /not there/,
  ],
  [
    'gcloud in its own folder',
    { HOME: empty, CLOUDSDK_CONFIG: `${loggedIn}/.config/gcloud` },
    'bigquery',
    /gcloud/,
  ],
  ['an emulator', { HOME: empty, BIGQUERY_EMULATOR_HOST: 'localhost:9050' }, 'bigquery', /EMULATOR/],
])('%s', (_name, environment, name, reason) => {
  const detected = detectSource(environment);
  expect(detected.name).toBe(name);
  expect(detected.reason).toMatch(reason);
});

test.skipIf(process.platform === 'win32')('gcloud in the home folder', () => {
  expect(detectSource({ HOME: loggedIn }).name).toBe('bigquery');
});
