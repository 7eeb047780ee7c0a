import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hubSettings } from '../../../../src/model/weights/hub/settings.js';
import { temporaryFolder } from '../../transformer/fixtures.js';

const home = join('/', 'nowhere', 'hf');

describe('the environment', () => {
  test('without anything set', () => {
    const settings = hubSettings({ HF_HOME: home });
    expect(settings).toMatchObject({ endpoint: 'https://huggingface.co', token: undefined, offline: false });
    expect(hubSettings({}).cacheFolder).toBe(join(homedir(), '.cache/huggingface/hub'));
  });

  test.each([
    [{ HF_HUB_CACHE: '/a/b', HF_HOME: home }, '/a/b'],
    [{ HUGGINGFACE_HUB_CACHE: '/a/c', HF_HOME: home }, '/a/c'],
    [{ HF_HOME: home, XDG_CACHE_HOME: '/x' }, join(home, 'hub')],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '' }, join('/x', 'huggingface', 'hub')],
    [{ HF_HOME: '~/models' }, join(homedir(), 'models', 'hub')],
  ])('%j puts the cache in %s', (environment, folder) => {
    expect(hubSettings(environment).cacheFolder).toBe(folder);
  });

  test('names the hub', () => {
    const endpoint = (value: string): string => hubSettings({ HF_HOME: home, HF_ENDPOINT: value }).endpoint;
    expect(endpoint('http://mirror.example:8080/hf/')).toBe('http://mirror.example:8080/hf');
    expect(endpoint('')).toBe('https://huggingface.co');
    for (const wrong of ['mirror.example', 'file:///etc', 'ftp://mirror.example']) {
      expect(() => endpoint(wrong)).toThrow(/HF_ENDPOINT is .* which is no URL/);
    }
  });

  test.each([
    ['1', true],
    ['TRUE', true],
    ['yes', true],
    ['on', true],
    ['0', false],
    ['false', false],
    ['', false],
  ])('HF_HUB_OFFLINE=%s: %s', (value, offline) => {
    expect(hubSettings({ HF_HOME: home, HF_HUB_OFFLINE: value }).offline).toBe(offline);
  });

  test('holds the token, or says where it is', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'token'), 'hf_file\n');
    writeFileSync(join(folder, 'other'), 'hf_other');
    const token = (environment: NodeJS.ProcessEnv): string | undefined =>
      hubSettings({ HF_HOME: folder, ...environment }).token;
    expect(token({})).toBe('hf_file');
    expect(token({ HF_TOKEN_PATH: join(folder, 'other') })).toBe('hf_other');
    expect(token({ HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toBe('hf_old');
    expect(token({ HF_TOKEN: ' hf_new ', HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toBe('hf_new');
  });
});
