#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

// Code that cannot be loaded, as where no file can be opened any more, is no fault of titlesmith: a line says which.
try {
  const { main } = await import('./cli/main.js');
  process.exitCode = await main(process.argv.slice(2), fileURLToPath(import.meta.url));
} catch (error) {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  if (!isMissing && !(error instanceof Error && 'syscall' in error)) throw error;
  const [said] = error.message.split('\n');
  process.stderr.write(`Error: titlesmith cannot be loaded: ${said}.\n`);
  process.exitCode = 1;
}
