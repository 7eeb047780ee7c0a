import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/io/package-root.js';
import { temporaryFolder } from '../cli/run-cli.js';
import { type Asked, findGcloud, runGcloud } from './google-cloud.js';

const folder = temporaryFolder();
const gcloud = findGcloud();
if (gcloud === undefined) console.log('Skipped: deploy by gcloud, which is not here.');

const read = (name: string): string => readFileSync(join(packageRoot, 'deploy', name), 'utf8');

/** The commands of gcloud in the comment at the head of a file, with names in the place of the capitals. */
function commandsOf(name: string): string[] {
  const comment = [...read(name).matchAll(/^#(.*)$/gm)].map(([, line = '']) => line.trim()).join('\n');
  const commands = comment.replace(/\\\n/g, ' ').match(/gcloud [a-z].*?(?=\)|$)/gm) ?? [];
  return commands.map((command) =>
    command
      .replaceAll('REGION', 'europe-west1')
      .replaceAll('PROJECT', 'my-project')
      .replaceAll('ACCOUNT', 'batch@my-project.iam.gserviceaccount.com'),
  );
}

const run = (command: string): ReturnType<typeof runGcloud> =>
  runGcloud(command, packageRoot, join(folder, 'home'));
const posted = (asked: readonly Asked[]): Asked | undefined => asked.find(({ method }) => method === 'POST');

describe.skipIf(gcloud === undefined)('gcloud, its requests answered by this machine', () => {
  const [replaceJob = '', schedule = ''] = commandsOf('batch/cloud-run-job.yaml');

  test('sends the job of Cloud Run as the file has it', async () => {
    expect(replaceJob).toBe('gcloud run jobs replace deploy/batch/cloud-run-job.yaml --region europe-west1');
    const { asked, errors } = await run(replaceJob);
    expect(errors).not.toContain('Failed to parse');
    const { address, body } = posted(asked)!;
    expect(address).toMatch(
      /^http:\/\/europe-west1-run\.invalid\/apis\/run\.googleapis\.com\/v1\/.*\/jobs\?/,
    );
    // gcloud knows each field of it and its type, and adds its own version.
    const { spec } = parse(read('batch/cloud-run-job.yaml'));
    expect(body).toMatchObject({ metadata: { name: 'titlesmith-batch' }, spec });
  });

  test('has Cloud Scheduler start that job every Monday', async () => {
    const { asked } = await run(schedule);
    const { address, body } = posted(asked)!;
    expect(address).toMatch(
      /^http:\/\/scheduler\.invalid\/v1\/projects\/my-project\/locations\/europe-west1\/jobs/,
    );
    const job = 'projects/my-project/locations/europe-west1/jobs/titlesmith-batch';
    expect(body).toMatchObject({
      name: job,
      schedule: '0 3 * * 1',
      timeZone: 'Europe/Berlin',
      httpTarget: {
        httpMethod: 'POST',
        oauthToken: { serviceAccountEmail: 'batch@my-project.iam.gserviceaccount.com' },
        uri: `https://run.googleapis.com/v2/${job}:run`,
      },
    });
  });

  test('sends the service of deploy/cloud-run, and its key', async () => {
    const [replace = '', secret = ''] = commandsOf('cloud-run/service.yaml');
    const { asked, errors } = await run(replace);
    expect(errors).not.toContain('Failed to parse');
    const { spec } = parse(read('cloud-run/service.yaml'));
    expect(posted(asked)?.body).toMatchObject({ metadata: { name: 'titlesmith' }, spec });

    writeFileSync(join(folder, 'key.txt'), 'a key');
    const made = await run(secret.replace('key.txt', join(folder, 'key.txt')));
    expect(posted(made.asked)?.address).toMatch(/^http:\/\/secrets\.invalid\/v1\/.*secretId=titlesmith-key/);
  });

  test('refuses a file with a field that Cloud Run does not know', async () => {
    const path = join(folder, 'job.yaml');
    writeFileSync(path, read('batch/cloud-run-job.yaml').replace('taskCount', 'tasks'));
    const { asked, errors } = await run(replaceJob.replace('deploy/batch/cloud-run-job.yaml', path));
    expect(errors).toMatch(/Failed to parse .*\[Job\]:\s+Job\.spec\.template\.spec\.tasks/);
    expect(asked).toEqual([]);
  });
});
