import type { NumericArray } from '../engine/engine.js';
import type { TransformerConfiguration } from './configuration.js';
import { layerNames, paddedHeadWidth } from './decode-graph.js';
import type { SlotCache } from './slot-cache.js';

/** Keys and values in this process's memory: two arrays [slots,H,K,D'] a layer. */
export class KeyValueCache implements SlotCache {
  private readonly keys: readonly Float32Array[];
  private readonly values: readonly Float32Array[];
  /** D' */
  private readonly headWidth: number;

  /** @param capacity K, the most tokens a slot can hold. */
  constructor(
    private readonly configuration: TransformerConfiguration,
    slots: number,
    private readonly capacity: number,
  ) {
    const { layers, heads } = configuration;
    this.headWidth = paddedHeadWidth(configuration);
    const size = slots * heads * capacity * this.headWidth;
    // Written once, so that the system gives all of it now: memory that does not suffice is missed before the first text.
    const array = (): Float32Array => new Float32Array(size).fill(0);
    const arrays = (): Float32Array[] => Array.from({ length: layers }, array);
    this.keys = arrays();
    this.values = arrays();
  }

  bind(slots: number): { past: Record<string, NumericArray>; present: Record<string, NumericArray> } {
    const { layers, heads } = this.configuration;
    const size = slots * heads * this.capacity * this.headWidth;
    const kinds = [
      ['Keys', 'keys', this.keys],
      ['Values', 'values', this.values],
    ] as const;
    const past: Record<string, NumericArray> = {};
    const present: Record<string, NumericArray> = {};
    for (const [pastKind, kind, arrays] of kinds) {
      const names = layerNames(kind, layers);
      for (const [layer, name] of layerNames(`past${pastKind}`, layers).entries()) {
        const view = arrays[layer]!.subarray(0, size);
        past[name] = view;
        present[names[layer]!] = view;
      }
    }
    return { past, present };
  }

  copy(slot: number, target: KeyValueCache, targetSlot: number, length: number): void {
    const { headWidth } = this;
    const { heads } = this.configuration;
    const copyAll = (sources: readonly Float32Array[], targets: readonly Float32Array[]): void => {
      for (const [layer, source] of sources.entries()) {
        for (let head = 0; head < heads; head++) {
          const start = (slot * heads + head) * this.capacity * headWidth;
          const targetStart = (targetSlot * heads + head) * target.capacity * headWidth;
          copyRun(source, start, targets[layer]!, targetStart, length * headWidth);
        }
      }
    };
    copyAll(this.keys, target.keys);
    copyAll(this.values, target.values);
  }

  async settled(): Promise<void> {
    // Copies are done when `copy` returns.
  }

  dispose(): void {
    // Nothing outlives the arrays.
  }
}

/** Below this many elements a loop is faster than making the views that `set` takes. */
const fewElements = 1024;

function copyRun(
  source: Float32Array,
  start: number,
  target: Float32Array,
  targetStart: number,
  count: number,
): void {
  if (count > fewElements) target.set(source.subarray(start, start + count), targetStart);
  else for (let index = 0; index < count; index++) target[targetStart + index] = source[start + index]!;
}
