import type { DeviceMemory, DeviceTensor } from '../engine/engine.js';
import type { FloatType } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { layerNames, paddedHeadWidth } from './decode-graph.js';
import type { SlotCache } from './slot-cache.js';

/** Keys and values on an engine's device. */
export class DeviceSlotCache implements SlotCache {
  /** Keys of all layers, then values. */
  private readonly tensors: readonly DeviceTensor[];
  private readonly rowShape: readonly number[];
  private readonly views = new Map<number, readonly DeviceTensor[]>();
  private copies: Promise<void> = Promise.resolve();

  private constructor(
    private readonly memory: DeviceMemory,
    private readonly configuration: TransformerConfiguration,
    slots: number,
    capacity: number,
    dtype: FloatType,
  ) {
    const { layers, heads } = configuration;
    this.rowShape = [heads, capacity, paddedHeadWidth(configuration)];
    const shape = [slots, ...this.rowShape];
    this.tensors = Array.from({ length: 2 * layers }, () => memory.allocate({ shape, dtype }));
  }

  /** @param capacity K, the most tokens a slot can hold. @throws TitlesmithError where the device has too little memory. */
  static async open(
    memory: DeviceMemory,
    configuration: TransformerConfiguration,
    slots: number,
    capacity: number,
    dtype: FloatType,
  ): Promise<DeviceSlotCache> {
    const cache = new DeviceSlotCache(memory, configuration, slots, capacity, dtype);
    // Positions that no token has filled are multiplied by 0, which would leave a NaN one.
    const zeros = new (dtype === 'float16' ? Uint16Array : Float32Array)(slots * cache.rowSize);
    await memory.write(cache.tensors.map((tensor) => [zeros, tensor] as const));
    return cache;
  }

  private get rowSize(): number {
    return this.rowShape.reduce((product, size) => product * size, 1);
  }

  bind(slots: number): { past: Record<string, DeviceTensor>; present: Record<string, DeviceTensor> } {
    const { layers } = this.configuration;
    const views =
      this.views.get(slots) ?? this.tensors.map((tensor) => tensor.view([slots, ...this.rowShape]));
    this.views.set(slots, views);
    const names = (keys: string, values: string): string[] => [
      ...layerNames(keys, layers),
      ...layerNames(values, layers),
    ];
    const named = (list: readonly string[]): Record<string, DeviceTensor> =>
      Object.fromEntries(list.map((name, index) => [name, views[index]!]));
    return { past: named(names('pastKeys', 'pastValues')), present: named(names('keys', 'values')) };
  }

  copy(slot: number, target: DeviceSlotCache, targetSlot: number): void {
    const rows = this.tensors.map((from, index) => ({ from, to: target.tensors[index]! }));
    const copied = this.memory.copyRow(rows, slot, targetSlot);
    target.copies = Promise.all([target.copies, copied]).then(() => {});
    // Whoever waits for the copies hears of a failure; until then it is not an unhandled one.
    target.copies.catch(() => {});
  }

  settled(): Promise<void> {
    return this.copies;
  }

  dispose(): void {
    for (const tensor of [...[...this.views.values()].flat(), ...this.tensors]) tensor.dispose();
  }
}
