import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import { packageRoot } from '../../src/io/package-root.js';

/*
 * The packages of package.json beside this file, installed by .ci/install-test-tools, not by npm ci: so the little that is
 * used of them is described here.
 */

/** Of `@huggingface/transformers`. */
export interface TransformersTensor {
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}

interface TransformersModel {
  generate(options: Readonly<Record<string, unknown>>): Promise<TransformersTensor>;
  dispose(): Promise<unknown>;
}

/** A part of `@huggingface/transformers`. */
export interface Transformers {
  readonly env: { readonly version: string; allowRemoteModels: boolean; localModelPath: string };
  readonly AutoTokenizer: {
    from_pretrained(folder: string, options: object): Promise<{ encode(text: string): number[] }>;
  };
  readonly AutoModelForCausalLM: {
    from_pretrained(folder: string, options: object): Promise<TransformersModel>;
  };
  pipeline(
    task: 'text-generation',
    folder: string,
    options: object,
  ): Promise<{ readonly model: TransformersModel }>;
  readonly Tensor: new (type: string, data: BigInt64Array, shape: readonly number[]) => TransformersTensor;
  /** Changes the logits of the next token; what is made of it is called with the tokens so far and the logits. */
  readonly LogitsProcessor: new () => {
    _call(tokens: bigint[][], logits: TransformersTensor): TransformersTensor;
  };
  readonly LogitsProcessorList: new () => { push(processor: object): void };
}

/** A part of `onnxruntime-web`. */
export interface OnnxRuntimeWeb {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: {
    create(model: Uint8Array): Promise<{
      run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
      release(): Promise<void>;
    }>;
  };
}

const folder = join(packageRoot, 'test/interoperability');

/** Whether a package of this folder is installed. */
export function isInstalled(name: string): boolean {
  return existsSync(join(folder, 'node_modules', name));
}

/** A package of this folder; undefined where it is not installed. */
export function findPackage(name: '@huggingface/transformers'): Transformers | undefined;
export function findPackage(name: 'onnxruntime-web'): OnnxRuntimeWeb | undefined;
export function findPackage(name: string): unknown {
  if (!isInstalled(name)) return undefined;
  return createRequire(join(folder, 'package.json'))(name);
}
