import { foreign } from '../../../io/foreign-library.js';

/** A card as CUDA's driver describes it. */
interface CudaCard {
  readonly name: string;
  /** Major and minor version of the instruction set as one number: 7.5 is Turing, 8 Ampere, 9 Hopper. */
  readonly computeCapability: number;
}

/** CUdevice_attribute of cuda.h: the two numbers of the compute capability. */
const [majorAttribute, minorAttribute] = [75, 76];

/** Bytes for a name; longer ones are cut. */
const nameBytes = 256;

/**
 * The card that ONNX Runtime computes on, CUDA's first, which CUDA_VISIBLE_DEVICES may choose.
 * @returns undefined if the driver has none, or there is no driver.
 */
export function cudaCard(): CudaCard | undefined {
  try {
    const driver = foreign.load(process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1');
    const initialize = driver.func('int cuInit(unsigned int)');
    const openDevice = driver.func('int cuDeviceGet(_Out_ int*, int)');
    const readName = driver.func('int cuDeviceGetName(void*, int, int)');
    const readAttribute = driver.func('int cuDeviceGetAttribute(_Out_ int*, int, int)');
    const device = [0];
    const name = Buffer.alloc(nameBytes);
    const [major, minor] = [[0], [0]];
    const failed =
      initialize(0) ||
      openDevice(device, 0) ||
      readName(name, nameBytes, device[0]!) ||
      readAttribute(major, majorAttribute, device[0]!) ||
      readAttribute(minor, minorAttribute, device[0]!);
    if (failed) return undefined;
    return {
      name: name.toString('utf8', 0, name.indexOf(0)),
      computeCapability: major[0]! + minor[0]! / 10,
    };
  } catch {
    return undefined;
  }
}
