import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { readConfiguration } from '../../../src/model/weights/checkpoint.js';
import { openSafetensors } from '../../../src/model/weights/safetensors.js';

const root = fileURLToPath(new URL('../../oracles/weights/', import.meta.url));

/** A folder that transformers wrote: float32, float16, bfloat16, sharded or bare. */
export const fixtureFolder = (name: string): string => join(root, name);

/** What all of the fixtures' models are shaped like. */
export const fixtureConfiguration = (): Promise<TransformerConfiguration> =>
  readConfiguration(fixtureFolder('float32'));

/** The parameters PyTorch has after reading the model of a type, as float32. */
export async function expectedParameters(
  type: 'float32' | 'float16' | 'bfloat16',
): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(join(root, 'expected.safetensors'));
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape } of parameterSpecifications(await fixtureConfiguration())) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    await file.read(`${type}/${name}`, shape, values);
    parameters.set(name, values);
  }
  await file.close();
  return parameters;
}

/** A temporary folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-weights-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of a fixture that a test may damage. */
export function copyOfFixture(name: string): string {
  const folder = temporaryFolder();
  cpSync(fixtureFolder(name), folder, { recursive: true });
  return folder;
}

/** Bytes of a safetensors file with any header, true or not. */
export function safetensorsBytes(header: unknown, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}
