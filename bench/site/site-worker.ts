import type { Engine } from '../../src/model/engine/engine.js';
import { openWebEngine, type WebEngineOptions } from '../../src/model/engine/onnxruntime-web/web-engine.js';
import { answerTasks } from '../../test/browser/worker-tasks.js';
import { type BaseInput, baseFiles, generateBase, trainBase } from './base-work.js';

/** The worker of the page that the benches of this folder open. */
let engine: Engine;
let files: ReadonlyMap<string, Uint8Array>;

/** What is used here of a worker's scope. */
declare const fetch: (name: string) => Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;

answerTasks({
  open: async (given: Pick<WebEngineOptions, 'device' | 'threads'>) => {
    engine = await openWebEngine({ ...given, assets: 'assets' });
    const read = baseFiles.map(async (name) => {
      const response = await fetch(name);
      return [name, new Uint8Array(await response.arrayBuffer())] as const;
    });
    files = new Map(await Promise.all(read));
    return engine.name;
  },
  train: (input: BaseInput) => trainBase(engine, files, input),
  generate: (input: BaseInput) => generateBase(engine, files, input),
});
