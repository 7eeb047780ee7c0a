import foreign from 'koffi';

/** Bytes of stack of a call off the calling thread: compiling shaders recurses far beyond koffi's 128 KiB. */
const asyncStackBytes = 8 << 20;
foreign.config({ ...foreign.config(), async_stack_size: asyncStackBytes });

export type { LibraryHandle } from 'koffi';
/** The one door to shared libraries in C: ONNX Runtime's, libzstd, Vulkan's. */
export { foreign };
