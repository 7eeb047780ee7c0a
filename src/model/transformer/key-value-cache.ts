import type { DeviceMemory, DeviceTensor, NumericArray, Value } from '../engine/engine.js';
import type { FloatType } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { type DecodeSizes, layerNames, slotShape } from './decode-graph.js';

/** Keys and values of the tokens in slots: two tensors [slots,G,K,D'] per layer. */
export interface KeyValueCache {
  /** The first slots as inputs and outputs of the decode graph, in the same memory, so that it writes in place. */
  bind(slots: number): {
    readonly past: Readonly<Record<string, Value>>;
    readonly present: Readonly<Record<string, Value>>;
  };
  /** Copies at least the first `length` tokens of a slot into a slot of this or another cache of the same class. */
  copy(slot: number, target: this, targetSlot: number, length: number): void;
  /** Waits for copies into this cache to finish. @throws Error when one failed. */
  copied(): Promise<void>;
  dispose(): void;
}

/** Names views, of all layers' keys, then of their values, as in the decode graph. */
function namedViews<View extends Value>(
  layers: number,
  views: readonly View[],
): { past: Record<string, View>; present: Record<string, View> } {
  const named = (keys: string, values: string): Record<string, View> => {
    const names = [...layerNames(keys, layers), ...layerNames(values, layers)];
    return Object.fromEntries(names.map((name, index) => [name, views[index]!]));
  };
  return { past: named('pastKeys', 'pastValues'), present: named('keys', 'values') };
}

/** Keys and values in this process's memory. */
export class HostKeyValueCache implements KeyValueCache {
  /** [slots,G,K,D'] each: keys of all layers, then values. */
  private readonly arrays: readonly Float32Array[];
  private readonly layers: number;
  /** G */
  private readonly heads: number;
  private readonly capacity: number;
  /** D' */
  private readonly headWidth: number;

  constructor(configuration: TransformerConfiguration, { slots, capacity }: DecodeSizes) {
    const { layers } = configuration;
    this.layers = layers;
    [this.heads, this.capacity, this.headWidth] = slotShape(configuration, capacity);
    const size = slots * this.heads * capacity * this.headWidth;
    // Written once, so that the system allocates all of it now, and a lack of memory shows before the first text.
    this.arrays = Array.from({ length: 2 * layers }, () => new Float32Array(size).fill(0));
  }

  bind(slots: number): { past: Record<string, NumericArray>; present: Record<string, NumericArray> } {
    const size = slots * this.heads * this.capacity * this.headWidth;
    return namedViews(
      this.layers,
      this.arrays.map((array) => array.subarray(0, size)),
    );
  }

  copy(slot: number, target: HostKeyValueCache, targetSlot: number, length: number): void {
    const { headWidth, heads } = this;
    for (const [index, source] of this.arrays.entries()) {
      for (let head = 0; head < heads; head++) {
        const start = (slot * heads + head) * this.capacity * headWidth;
        const targetStart = (targetSlot * heads + head) * target.capacity * headWidth;
        copyRun(source, start, target.arrays[index]!, targetStart, length * headWidth);
      }
    }
  }

  async copied(): Promise<void> {
    // Copies are done when `copy` returns.
  }

  dispose(): void {
    // Nothing outlives the arrays.
  }
}

/** Up to this many elements a loop is faster than creating the view that `set` needs. */
const loopThreshold = 1024;

function copyRun(
  source: Float32Array,
  start: number,
  target: Float32Array,
  targetStart: number,
  count: number,
): void {
  if (count > loopThreshold) target.set(source.subarray(start, start + count), targetStart);
  else for (let index = 0; index < count; index++) target[targetStart + index] = source[start + index]!;
}

/** Keys and values on an engine's device. */
export class DeviceKeyValueCache implements KeyValueCache {
  /** Keys of all layers, then values. */
  private readonly tensors: readonly DeviceTensor[];
  private readonly rowShape: readonly number[];
  private readonly views = new Map<number, readonly DeviceTensor[]>();
  private pendingCopies: Promise<void> = Promise.resolve();

  private constructor(
    private readonly memory: DeviceMemory,
    private readonly configuration: TransformerConfiguration,
    { slots, capacity }: DecodeSizes,
    dtype: FloatType,
  ) {
    const { layers } = configuration;
    this.rowShape = slotShape(configuration, capacity);
    const shape = [slots, ...this.rowShape];
    this.tensors = Array.from({ length: 2 * layers }, () => memory.allocate({ shape, dtype }));
  }

  /** @throws TitlesmithError where the device has too little memory. */
  static async open(
    memory: DeviceMemory,
    configuration: TransformerConfiguration,
    sizes: DecodeSizes,
    dtype: FloatType,
  ): Promise<DeviceKeyValueCache> {
    const cache = new DeviceKeyValueCache(memory, configuration, sizes, dtype);
    // Unused positions are multiplied by a weight of 0, which would turn a NaN there into a NaN result.
    const zeros = new (dtype === 'float16' ? Uint16Array : Float32Array)(sizes.slots * cache.rowSize);
    await memory.write(cache.tensors.map((tensor) => [zeros, tensor] as const));
    return cache;
  }

  private get rowSize(): number {
    return this.rowShape.reduce((product, size) => product * size, 1);
  }

  bind(slots: number): { past: Record<string, DeviceTensor>; present: Record<string, DeviceTensor> } {
    const views =
      this.views.get(slots) ?? this.tensors.map((tensor) => tensor.view([slots, ...this.rowShape]));
    this.views.set(slots, views);
    return namedViews(this.configuration.layers, views);
  }

  copy(slot: number, target: DeviceKeyValueCache, targetSlot: number): void {
    const rows = this.tensors.map((from, index) => ({ from, to: target.tensors[index]! }));
    const copied = this.memory.copyRow(rows, slot, targetSlot);
    target.pendingCopies = Promise.all([target.pendingCopies, copied]).then(() => {});
    // `copied` throws the failure; until it is called, the rejection must not count as unhandled.
    target.pendingCopies.catch(() => {});
  }

  copied(): Promise<void> {
    return this.pendingCopies;
  }

  dispose(): void {
    for (const tensor of [...[...this.views.values()].flat(), ...this.tensors]) tensor.dispose();
  }
}
