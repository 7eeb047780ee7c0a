import { createRequire } from 'node:module';
import type koffi from 'koffi';

export type { LibraryHandle } from 'koffi';

/** Bytes of stack of a call off the calling thread: compiling shaders recurses far beyond koffi's 128 KiB. */
const asyncStackBytes = 8 << 20;

/**
 * The one door to shared libraries in C: ONNX Runtime's, libzstd, Vulkan's. It is koffi's package for this system, which koffi
 * itself would load: koffi has a script that runs when it is installed, these have none.
 */
export const foreign: typeof koffi = createRequire(import.meta.url)(
  `@koromix/koffi-${process.platform}-${process.arch}`,
);

foreign.config({ ...foreign.config(), async_stack_size: asyncStackBytes });
