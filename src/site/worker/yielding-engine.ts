import type { Engine, Program } from '../../model/engine/engine.js';

/** A message waits this long at most for the program that runs. */
const longestMs = 50;

/**
 * An engine whose programs let the worker hear messages between runs: WebAssembly computes on the worker's own thread, and what
 * only waits for promises would never hear that a person wants to stop.
 */
export function yieldingEngine(engine: Engine): Engine {
  let last = performance.now();
  const breathe = async (): Promise<void> => {
    if (performance.now() - last < longestMs) return;
    await nextMessage();
    last = performance.now();
  };
  const compile: Engine['compile'] = async (outputs, options): Promise<Program> => {
    const program = await engine.compile(outputs, options);
    return {
      run: async (feeds, results) => {
        await breathe();
        await program.run(feeds, results);
      },
      dispose: () => program.dispose(),
    };
  };
  return Object.create(engine, { compile: { value: compile } }) as Engine;
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port2.onmessage = () => waiting.shift()?.();

/** Resolves once the messages that have come were heard. A timer would wait 4 ms. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port1.postMessage(undefined);
  });
}
