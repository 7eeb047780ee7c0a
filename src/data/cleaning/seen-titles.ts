import { sha256 } from '../../common/sha256.js';

/** Tables that grow one by one and by little, so that memory never jumps and little of it is free. At most 256. */
const tableCount = 256;
const firstSlots = 64;
/** Share of slots in use beyond which a table grows, and by how much. */
const [fullest, growth] = [0.8, 1.125];

/** Open addressing with linear probing (Knuth, TAOCP 3, 6.4, algorithm L). A slot is two words; 0, 0 is a free one. */
interface Table {
  slots: Uint32Array;
  used: number;
}

/** @returns the index of the slot that holds the key, or of the free one where it belongs. */
function slotOf(slots: Uint32Array, high: number, low: number): number {
  const count = slots.length / 2;
  let slot = Math.floor((low / 2 ** 32) * count);
  while (slots[2 * slot] !== 0 || slots[2 * slot + 1] !== 0) {
    if (slots[2 * slot] === high && slots[2 * slot + 1] === low) break;
    slot = slot + 1 === count ? 0 : slot + 1;
  }
  return slot;
}

function grow(table: Table): void {
  const before = table.slots;
  table.slots = new Uint32Array(2 * Math.ceil((before.length / 2) * growth));
  for (let at = 0; at < before.length; at += 2) {
    const [high, low] = [before[at]!, before[at + 1]!];
    if (high === 0 && low === 0) continue;
    const slot = slotOf(table.slots, high, low);
    table.slots[2 * slot] = high;
    table.slots[2 * slot + 1] = low;
  }
}

/**
 * Remembers titles by 64 bits of their SHA-256, some 11 bytes each, where the titles themselves would fill the memory.
 * Among ten million, two different ones are taken for one with a chance of 3 in a million.
 */
export class SeenTitles {
  private readonly tables: readonly Table[] = Array.from({ length: tableCount }, () => ({
    slots: new Uint32Array(2 * firstSlots),
    used: 0,
  }));

  /** @returns whether the title is new. */
  add(title: string): boolean {
    const digest = sha256(title);
    const words = new DataView(digest.buffer, digest.byteOffset);
    const table = this.tables[digest[8]! % tableCount]!;
    const high = words.getUint32(0, true);
    // A key of zeros would look like a free slot.
    const low = words.getUint32(4, true) || 1;
    const slot = slotOf(table.slots, high, low);
    if (table.slots[2 * slot] === high && table.slots[2 * slot + 1] === low) return false;
    table.slots[2 * slot] = high;
    table.slots[2 * slot + 1] = low;
    table.used += 1;
    if (table.used > (table.slots.length / 2) * fullest) grow(table);
    return true;
  }
}
