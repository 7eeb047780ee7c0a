import { foreign } from '../../../io/foreign-library.js';
import type { WebGpuLimits } from '../onnx/webgpu-limits.js';

/** Limits under WebGPU's names, in bytes and numbers of buffers. */
export type VulkanLimits = WebGpuLimits;

/** A graphics card as its Vulkan driver describes it. */
interface VulkanDevice {
  readonly name: string;
  /** Name and version, such as `NVIDIA 550.54.15`. */
  readonly driver: string;
  /** Whether it is emulated on the processor, as by SwiftShader and lavapipe. */
  readonly software: boolean;
  readonly limits: VulkanLimits;
}

/** Structure types, sizes and offsets of vulkan_core.h. */
const [instanceInfo, propertiesStructure, driverStructure] = [1, 1_000_059_001, 1_000_196_000];
const [allocationStructure, bufferStructure] = [1_000_168_000, 1_000_413_001];
const version11 = (1 << 22) | (1 << 12);
const driverBytes = 16 + 4 + 256 + 256 + 4;
const propertiesBytes = 16 + 824;
/** Offset of the limits in the properties. */
const limitsOffset = 16 + 296;
/** VkPhysicalDeviceType in WebGPU's order of preference for high performance; 4 is the processor. */
const kindsByPreference = [2, 1, 3, 0, 4];

function text(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('utf8', offset, end);
}

/** Structures of the given types and sizes, each pointing to the one before. */
function chain(structures: readonly (readonly [type: number, bytes: number])[]): Buffer[] {
  const chained: Buffer[] = [];
  for (const [type, bytes] of structures) {
    const structure = Buffer.alloc(bytes);
    structure.writeUInt32LE(type, 0);
    const previous = chained.at(-1);
    if (previous) structure.writeBigUInt64LE(foreign.address(previous), 8);
    chained.push(structure);
  }
  return chained;
}

/**
 * Devices of the installed Vulkan drivers, in WebGPU's order of preference.
 * @throws Error if there is no Vulkan library.
 */
export function vulkanDevices(): VulkanDevice[] {
  const library = foreign.load(process.platform === 'win32' ? 'vulkan-1.dll' : 'libvulkan.so.1');
  const create = library.func('int vkCreateInstance(void*, void*, _Out_ void**)');
  const enumerate = library.func('int vkEnumeratePhysicalDevices(void*, _Inout_ uint32_t*, void*)');
  const describe = library.func('void vkGetPhysicalDeviceProperties2(void*, void*)');
  const destroy = library.func('void vkDestroyInstance(void*, void*)');
  const application = Buffer.alloc(48);
  application.writeUInt32LE(version11, 44);
  const info = Buffer.alloc(64);
  info.writeUInt32LE(instanceInfo, 0);
  info.writeBigUInt64LE(foreign.address(application), 24);
  const instance: [bigint | null] = [null];
  if (create(info, null, instance) !== 0) return [];
  try {
    const count = [0];
    enumerate(instance[0], count, null);
    const handles = new BigUint64Array(count[0]!);
    enumerate(instance[0], count, handles);
    const found = Array.from(handles, (handle) => {
      const [buffers, allocations, driver, properties] = chain([
        [bufferStructure, 24],
        [allocationStructure, 32],
        [driverStructure, driverBytes],
        [propertiesStructure, propertiesBytes],
      ]) as [Buffer, Buffer, Buffer, Buffer];
      describe(handle, properties);
      const kind = properties.readUInt32LE(16 + 16);
      return {
        kind,
        name: text(properties, 16 + 20),
        driver: `${text(driver, 20)} ${text(driver, 20 + 256)}`.trim(),
        software: kind === 4,
        limits: {
          // A driver before Vulkan 1.3 leaves the first one 0.
          maxBufferSize: Number(buffers.readBigUInt64LE(16) || allocations.readBigUInt64LE(24)),
          maxStorageBufferBindingSize: properties.readUInt32LE(limitsOffset + 28),
          maxStorageBuffersPerShaderStage: properties.readUInt32LE(limitsOffset + 76),
        },
      };
    });
    found.sort((a, b) => kindsByPreference.indexOf(a.kind) - kindsByPreference.indexOf(b.kind));
    return found.map(({ kind: _, ...device }) => device);
  } finally {
    destroy(instance[0], null);
  }
}
