/** A value of a GGUF's metadata with the type that llama.cpp asks for. */
export type TypedValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] };

/** GGUF's numbers of types. */
const numbers = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

export function uint32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A text, its length in bytes before it. */
export function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64Bytes(bytes.length), bytes]);
}

function valueBytes(typed: TypedValue): Buffer {
  switch (typed.type) {
    case 'uint32':
      return uint32Bytes(typed.value);
    case 'float32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(typed.value);
      return bytes;
    }
    case 'bool':
      return Buffer.from([typed.value ? 1 : 0]);
    case 'string':
      return textBytes(typed.value);
    case 'strings': {
      const head = [uint32Bytes(numbers.string), uint64Bytes(typed.value.length)];
      return Buffer.concat([...head, ...typed.value.map(textBytes)]);
    }
    default: {
      const head = [uint32Bytes(numbers.int32), uint64Bytes(typed.value.length)];
      return Buffer.concat([...head, Buffer.from(Int32Array.from(typed.value).buffer)]);
    }
  }
}

/** A pair of a GGUF's metadata as it stands in the file: the key, the type's number, the value. */
export function pairBytes(key: string, typed: TypedValue): Buffer {
  const isList = typed.type === 'strings' || typed.type === 'int32s';
  const kind = isList ? numbers.array : numbers[typed.type as keyof typeof numbers];
  return Buffer.concat([textBytes(key), uint32Bytes(kind), valueBytes(typed)]);
}
