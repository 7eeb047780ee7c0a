import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { packagedRuntime } from '../../src/model/engine/onnxruntime/find-runtime.js';
import { commands } from './pages.js';
import { planOf, plans, whyNotRun } from './plan.js';

describe('the commands of the pages', () => {
  test('are each run, or listed with the reason why not', () => {
    expect(commands.length).toBeGreaterThan(50);
    const unknown = commands.filter((command) => !planOf(command) && !whyNotRun(command));
    expect(
      unknown,
      'Plan in test/docs/plan.ts how to run it, or list it there with the reason why not.',
    ).toEqual([]);
  });

  test('are what is planned for', () => {
    const planned = commands.map(planOf);
    expect(plans.filter((plan) => !planned.includes(plan))).toEqual([]);
  });

  test('let npm say nothing of its own: what they print can be piped', () => {
    const loud = commands.filter(({ text }) => /\bnpm run (?!-s |build\b|test:device$)/.test(text));
    expect(loud).toEqual([]);
  });

  test('of CUDA from PyPI: the version is that of onnxruntime-node', () => {
    const install = commands.find(({ text }) => text.startsWith('pip install "onnxruntime-gpu'));
    const { version } = packagedRuntime();
    expect(install!.text).toBe(`pip install "onnxruntime-gpu[cuda,cudnn]==${version}"`);
  });

  test('of the CUDA provider: onnxruntime-node knows what docs/devices.md asks it for', () => {
    const install = commands.find(({ text }) => text.includes('onnxruntime-node/script/install.js'));
    const [, variable, kind, script] = /^(\w+)=(\w+) node (\S+)$/.exec(install!.text)!;
    const scripts = dirname(join(packageRoot, script!));
    expect(existsSync(join(packageRoot, script!))).toBe(true);
    expect(readFileSync(join(scripts, 'install-metadata.js'), 'utf8')).toContain(`'linux/x64:${kind}'`);
    expect(readFileSync(join(scripts, 'install-utils.js'), 'utf8')).toContain(`process.env.${variable}`);
  });
});
