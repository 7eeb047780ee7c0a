import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseBatchFile } from '../../src/batch/batch-file.js';
import { packageRoot } from '../../src/io/package-root.js';
import { findProgram } from '../programs.js';

const folder = join(packageRoot, 'deploy/batch');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

const systemdAnalyze = findProgram('systemd-analyze', 'SYSTEMD_ANALYZE');
const actionlint = findProgram('actionlint', 'ACTIONLINT');
const kubernetesValidate = findProgram('kubernetes-validate', 'KUBERNETES_VALIDATE');
for (const [name, path] of Object.entries({
  'systemd-analyze': systemdAnalyze,
  actionlint,
  'kubernetes-validate': kubernetesValidate,
})) {
  if (path === undefined) console.log(`Skipped: deploy/batch by ${name}, which is not here.`);
}

function check(program: string, ...arguments_: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, arguments_, { encoding: 'utf8', cwd: folder });
  expect({ status, said: `${stdout}${stderr}`.trim() }).toMatchObject({ status: 0 });
}

/** That the command line understands all of it but for a flag that does not exist. */
function isUnderstood(words: readonly string[]): void {
  const entry = join(packageRoot, 'dist/cli.js');
  const { stderr } = spawnSync(process.execPath, [entry, ...words, '--no-such-flag'], { encoding: 'utf8' });
  expect(stderr).toContain("unknown option '--no-such-flag'");
}

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

describe('deploy/batch', () => {
  test('has batch files that are taken', () => {
    expect(parseBatchFile(read('batch.yaml'), 'batch.yaml').runs).toHaveLength(4);
    const [map] = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS());
    expect(parseBatchFile(map.data['batch.yaml'], 'batch.yaml').runs).toHaveLength(4);
  });

  test('calls the command line as it is', () => {
    const [, cronJob] = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS());
    const { completions, template } = cronJob.spec.jobTemplate.spec;
    const [pod] = template.spec.containers as Container[];
    isUnderstood(pod!.args);
    // Kubernetes does not say how many there are: the two numbers must be equal.
    expect(pod!.args[pod!.args.indexOf('--shard-count') + 1]).toBe(String(completions));

    const job = parse(read('cloud-run-job.yaml'));
    expect(job).toMatchObject({ apiVersion: 'run.googleapis.com/v1', kind: 'Job' });
    const [task] = job.spec.template.spec.template.spec.containers as Container[];
    isUnderstood(task!.args);
    // Both run the image of the Dockerfile beside them, by its own command.
    const [, entry = ''] = /^ENTRYPOINT (.*)$/m.exec(read('Dockerfile')) ?? [];
    for (const { command } of [pod!, task!]) expect(command).toEqual(JSON.parse(entry));

    const [, service = ''] = /^ExecStart=.*?cli\.js (.*)$/m.exec(read('titlesmith-batch.service')) ?? [];
    isUnderstood(service.split(' '));
    for (const [, line = ''] of read('github-workflow.yml').matchAll(/npm run -s batch -- (.*)/g)) {
      isUnderstood(['batch', ...line.replace(/\$\{\{ matrix.index \}\}/g, '0').split(' ')]);
    }
  });

  test.skipIf(systemdAnalyze === undefined)('systemd takes the units', () => {
    check(systemdAnalyze!, 'verify', './titlesmith-batch.service', './titlesmith-batch.timer');
  });

  test.skipIf(actionlint === undefined)('actionlint finds nothing in the workflow', () => {
    check(actionlint!, 'github-workflow.yml');
  });

  test.skipIf(kubernetesValidate === undefined)('the schemas of Kubernetes hold', () => {
    check(kubernetesValidate!, '--strict', 'kubernetes.yaml');
  });
});
