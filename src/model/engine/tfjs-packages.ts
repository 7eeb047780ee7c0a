import { createRequire } from 'node:module';
import { TitlesmithError } from '../../common/errors.js';
import { requiredKernels, type TfjsModule } from './tfjs.js';

type TfjsDevice = 'cpu' | 'cuda';

interface Package {
  readonly name: string;
  readonly load: () => Promise<TfjsModule>;
}

const native: Package = {
  name: '@tensorflow/tfjs-node',
  load: async () => (await import('@tensorflow/tfjs-node')) as TfjsModule,
};
const plain: Package = {
  name: '@tensorflow/tfjs-backend-cpu',
  load: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    const tf = await import('@tensorflow/tfjs-core');
    await tf.setBackend('cpu');
    return tf;
  },
};
const gpu: Package = {
  name: '@tensorflow/tfjs-node-gpu',
  load: async () => (await import('@tensorflow/tfjs-node-gpu')) as TfjsModule,
};

/** The packages for a device, the fastest first. */
const packages: Readonly<Record<TfjsDevice, readonly Package[]>> = { cpu: [native, plain], cuda: [gpu] };

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Name of the installed package for a device; undefined if there is none. */
export function installedTfjsPackage(device: TfjsDevice): string | undefined {
  return packages[device].find(({ name }) => isInstalled(name))?.name;
}

/**
 * Loads the installed TensorFlow.js package for a device.
 * @throws TitlesmithError when none is installed, it does not load, or it lacks a kernel that the graphs use.
 */
export async function loadTfjs(device: TfjsDevice): Promise<TfjsModule> {
  const found = packages[device].find(({ name }) => isInstalled(name));
  if (!found) {
    const [first] = packages[device];
    throw new TitlesmithError(`${first!.name} is not installed.`, {
      code: 'engine-missing',
      hint: `Run npm install ${first!.name}.`,
    });
  }
  let tf: TfjsModule;
  try {
    tf = await found.load();
    await tf.ready();
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw new TitlesmithError(`${found.name} does not load: ${reason}`, {
      code: 'engine-broken',
      hint: `Run npm rebuild ${found.name} --build-from-source, or use --engine onnxruntime.`,
      cause,
    });
  }
  const registered = new Set(tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName));
  const missing = requiredKernels.filter((kernel) => !registered.has(kernel));
  if (missing.length > 0) {
    throw new TitlesmithError(`${found.name} lacks ${missing.join(', ')}, which the model's graphs use.`, {
      code: 'engine-incomplete',
      hint: 'Install a newer version of it, or use --engine onnxruntime.',
    });
  }
  return tf;
}
