import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/common/package-root.js';
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

  test('of the CUDA provider: onnxruntime-node knows what docs/devices.md asks it for', () => {
    const [rebuild] = commands.filter(({ text }) => /^npm rebuild/.test(text));
    const [, name, kind] = /^npm rebuild (\S+) --onnxruntime-node-install=(\w+)$/.exec(rebuild!.text) ?? [];
    const scripts = join(packageRoot, 'node_modules', name!, 'script');
    expect(readFileSync(join(scripts, 'install-metadata.js'), 'utf8')).toContain(`'linux/x64:${kind}'`);
    expect(readFileSync(join(scripts, 'install.js'), 'utf8')).toContain('onnxruntime-node-install');
  });
});
