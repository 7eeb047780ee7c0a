import { foreign } from '../../../io/foreign-library.js';

/**
 * Sets a variable for C code of this process, unless it is set. What is written to `process.env` does not reach C from a
 * worker's thread, whose variables are a copy.
 */
function setDefault(name: string, value: string): void {
  if (process.env[name] !== undefined) return;
  if (process.platform === 'win32') {
    foreign.load('kernel32.dll').func('bool SetEnvironmentVariableA(const char*, const char*)')(name, value);
  } else {
    foreign.load(null).func('int setenv(const char*, const char*, int)')(name, value, 0);
  }
}

/**
 * Sets what ONNX Runtime reads while it is loaded. Called before that.
 *
 * - It sends no telemetry: since 1.29 it reports processes and sessions to its maker, and keeps a device id and a
 *   database in the home folder for it, unless it is told not to.
 * - Attention on the processor is computed by its plain kernel. The tiled one, made for long texts, takes a third longer
 *   for a token of each of many short ones (docs/generation.md); at 100 tokens they are equal.
 */
export function configureRuntime(): void {
  setDefault('ORT_DISABLE_TELEMETRY', '1');
  setDefault('ORT_GQA_DISABLE_FLASH_ATTENTION', '1');
}
