import {
  type AttributeProto,
  attributeTypes,
  type ModelProto,
  type NodeProto,
  onnxTypes,
  type TensorProto,
  type ValueInfoProto,
} from '../../engine/onnx/schema.js';

/** A size of an axis: a number, or the name of one that is known only when the model runs. */
export type AxisSize = number | string;

/** An attribute's value: whole numbers are ints, `{ float }` is one. */
export type Attribute = number | readonly number[] | { readonly float: number };

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: [...value] };
}

function valueInfo(name: string, type: keyof typeof onnxTypes, shape: readonly AxisSize[]): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: onnxTypes[type], shape: { dim } } } };
}

/**
 * The nodes of an ONNX graph whose axes may be named rather than numbered; standard operators only, so that
 * every runtime runs it. Values are known by name; weights are referred to by theirs and stored elsewhere.
 */
export class GraphAssembly {
  private readonly nodes: NodeProto[] = [];
  private readonly constants = new Map<string, TensorProto>();
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];

  /** Adds a node; returns the names of its outputs. */
  private add(
    opType: string,
    input: string[],
    attributes: Record<string, Attribute>,
    output: string[],
  ): string[] {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.nodes.push({ opType, domain: '', input, output, attribute });
    return output;
  }

  emit(opType: string, input: string[], attributes: Record<string, Attribute> = {}): string {
    const name = `${opType}_${this.nodes.length}`;
    this.add(opType, input, attributes, [name]);
    return name;
  }

  emitMany(opType: string, input: string[], count: number, attributes: Record<string, Attribute>): string[] {
    const names = Array.from({ length: count }, (_, index) => `${opType}_${this.nodes.length}_${index}`);
    return this.add(opType, input, attributes, names);
  }

  /** A constant; equal ones are stored once. A scalar where `values` is a number. */
  constant(type: 'float32' | 'int64', values: number | readonly number[]): string {
    const key = `${type}_${JSON.stringify(values)}`;
    const list = typeof values === 'number' ? [values] : values;
    const array = type === 'float32' ? Float32Array.from(list) : BigInt64Array.from(list.map(BigInt));
    const dims = typeof values === 'number' ? [] : [list.length];
    const rawData = new Uint8Array(array.buffer);
    if (!this.constants.has(key))
      this.constants.set(key, { name: key, dims, dataType: onnxTypes[type], rawData });
    return key;
  }

  input(name: string, type: 'float32' | 'int64', shape: readonly AxisSize[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Gives a value to the outside under a name of its own. */
  output(name: string, value: string, shape: readonly AxisSize[]): void {
    this.add('Identity', [value], {}, [name]);
    this.outputs.push(valueInfo(name, 'float32', shape));
  }

  /** The graph without its weights. */
  finish(name: string): ModelProto['graph'] {
    const initializer = [...this.constants.values()];
    return { name, node: this.nodes, initializer, input: this.inputs, output: this.outputs };
  }
}
