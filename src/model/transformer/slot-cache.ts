import type { Value } from '../engine/engine.js';

/** Keys and values of the tokens that slots hold: [slots,H,K,D'] twice a layer. */
export interface SlotCache {
  /** The first slots as inputs and outputs of the decode graph: the same memory, so that it writes in place. */
  bind(slots: number): {
    readonly past: Readonly<Record<string, Value>>;
    readonly present: Readonly<Record<string, Value>>;
  };
  /** Copies the first `length` tokens of one slot, at least, into a slot of this or another cache of its kind. */
  copy(slot: number, target: this, targetSlot: number, length: number): void;
  /** @throws Error when a copy failed. */
  settled(): Promise<void>;
  dispose(): void;
}
