import { type DType, elementCount, type Shape, type TensorSpecification } from '../../graph/shape.js';
import { narrow } from '../float-formats.js';
import {
  type AttributeProto,
  attributeTypes,
  elementBytes,
  encodeModel,
  type ModelProto,
  type NodeProto,
  onnxTypes,
  type TensorProto,
  type ValueInfoProto,
} from './schema.js';

/** An ONNX model whose weights are declared but stored elsewhere. */
export interface OnnxModel {
  /** The model without its weights. */
  readonly proto: ModelProto;
  readonly weights: readonly OnnxWeight[];
}

export interface OnnxWeight extends TensorSpecification {
  readonly name: string;
}

/** Where the values of a weight are stored, row-major and little-endian. */
export interface ExternalData {
  /** A file beside the model's; or, for ONNX Runtime, the name the values are passed under. */
  readonly location: string;
  /** Offset of the first byte. */
  readonly offset: number;
}

/** Version of the format, and of the operator sets by domain, that a model is written in. */
export interface OnnxVersions {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
}

/** Names of the dynamic axes of an input or output, by axis; axes of the same name have the same size. */
export type AxisNames = Readonly<Record<number, string>>;

/** The domain of ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft';

const onnxRuntimeVersions: OnnxVersions = { irVersion: 10, opsets: { '': 20, [microsoft]: 1 } };

/** Size of a weight's values in bytes. */
export function weightBytes({ dtype, shape }: TensorSpecification): number {
  return elementBytes[dtype] * elementCount(shape);
}

/** A weight without its values. */
export function weightProto({ name, dtype, shape }: OnnxWeight): TensorProto {
  return { name, dims: [...shape], dataType: onnxTypes[dtype] };
}

/** The model's protobuf bytes; the values of its weights are stored where `locate` says. */
export function encodeWithExternalWeights(
  { proto, weights }: OnnxModel,
  locate: (name: string) => ExternalData = (name) => ({ location: name, offset: 0 }),
): Uint8Array {
  const external = weights.map((weight): TensorProto => {
    const { location, offset } = locate(weight.name);
    const entries = { location, offset: String(offset), length: String(weightBytes(weight)) };
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return { ...weightProto(weight), externalData, dataLocation: 1 };
  });
  const { graph } = proto;
  return encodeModel({ ...proto, graph: { ...graph, initializer: [...graph.initializer, ...external] } });
}

/** A plain number becomes an int attribute, `{ float }` a float. */
type AttributeValue = number | string | readonly number[] | { readonly float: number };

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string')
    return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: [...value] };
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Most inputs or outputs of one Split or Concat: WebGPU binds each as a buffer, and guarantees only ten buffers. */
const maximumChunks = 8;

function groups<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / maximumChunks) }, (_, group) =>
    items.slice(group * maximumChunks, (group + 1) * maximumChunks),
  );
}

/** Collects the nodes, constants, inputs and outputs of one ONNX model. Values are identified by name. */
export class OnnxWriter {
  private readonly nodes: NodeProto[] = [];
  private readonly constants: TensorProto[] = [];
  private readonly weights: OnnxWeight[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly inputNames = new Set<string>();
  private readonly outputs: ValueInfoProto[] = [];
  /** New names of values that became outputs. */
  private readonly outputNames = new Map<string, string>();
  private readonly constantNames = new Map<string, string>();
  private names = 0;

  private newName(): string {
    return `v${this.names++}`;
  }

  /** Adds a node with one output and returns the output's name. The input '' stands for an omitted optional one. */
  emit(
    opType: string,
    input: string[],
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string {
    return this.emitMany(opType, input, 1, attributes, domain)[0]!;
  }

  /** Adds a node with several outputs. */
  emitMany(
    opType: string,
    input: string[],
    outputCount: number,
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string[] {
    const output = Array.from({ length: outputCount }, () => this.newName());
    const attributeList = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.nodes.push({ opType, domain, input, output, attribute: attributeList });
    return output;
  }

  /** Splits `x` along an axis into chunks of the given sizes; many chunks take several nodes. */
  split(x: string, axis: number, sizes: readonly number[]): string[] {
    if (sizes.length <= maximumChunks) {
      return this.emitMany('Split', [x, this.constant('int64', sizes, [sizes.length])], sizes.length, {
        axis,
      });
    }
    const grouped = groups(sizes);
    const groupSizes = grouped.map((group) => group.reduce((sum, size) => sum + size, 0));
    return this.split(x, axis, groupSizes).flatMap((group, index) =>
      this.split(group, axis, grouped[index]!),
    );
  }

  /** Joins chunks along an axis; many chunks take several nodes. */
  concat(chunks: readonly string[], axis: number): string {
    if (chunks.length === 1) return chunks[0]!;
    if (chunks.length <= maximumChunks) return this.emit('Concat', [...chunks], { axis });
    return this.concat(
      groups(chunks).map((group) => this.concat(group, axis)),
      axis,
    );
  }

  /** A small constant; equal ones are stored once. */
  constant(type: DType | 'uint8' | 'int64', values: readonly number[], shape: Shape): string {
    const key = `${type}${JSON.stringify([values, shape])}`;
    const known = this.constantNames.get(key);
    if (known !== undefined) return known;
    const name = this.newName();
    const arrays = {
      float32: () => Float32Array.from(values),
      float16: () => narrow(Float32Array.from(values)),
      int32: () => Int32Array.from(values),
      int8: () => Int8Array.from(values),
      uint8: () => Uint8Array.from(values),
      int64: () => BigInt64Array.from(values.map(BigInt)),
    };
    const rawData = bytesOf(arrays[type]());
    this.constants.push({ name, dims: [...shape], dataType: onnxTypes[type], rawData });
    this.constantNames.set(key, name);
    return name;
  }

  /** Declares a constant whose values are stored outside the model. */
  weight(weight: OnnxWeight): void {
    this.weights.push(weight);
  }

  /** Declares an input, unless it is declared already, as several nodes may read it. */
  input(name: string, type: DType | 'int64', shape: Shape, axes: AxisNames = {}): void {
    if (this.inputNames.has(name)) return;
    this.inputNames.add(name);
    this.inputs.push(valueInfo(name, type, shape, axes));
  }

  /**
   * Declares the value `value` as the model's output `name`. Renames the value rather than copying it, so that its node
   * writes straight into the caller's memory.
   */
  output(name: string, value: string, { dtype, shape }: TensorSpecification, axes: AxisNames = {}): void {
    const earlier = this.outputNames.get(value);
    const producer = this.nodes.find((node) => node.output.includes(value));
    if (producer) {
      this.outputNames.set(value, name);
      const rename = (known: string): string => (known === value ? name : known);
      for (const node of this.nodes) node.input = node.input.map(rename);
      producer.output = producer.output.map(rename);
    } else {
      this.nodes.push({
        opType: 'Identity',
        domain: '',
        input: [earlier ?? value],
        output: [name],
        attribute: [],
      });
    }
    this.outputs.push(valueInfo(name, dtype, shape, axes));
  }

  /** The finished model. */
  finish({ irVersion, opsets }: OnnxVersions = onnxRuntimeVersions): OnnxModel {
    const proto = {
      irVersion,
      producerName: 'titlesmith',
      opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
      graph: {
        name: 'titlesmith',
        node: this.nodes,
        initializer: this.constants,
        input: this.inputs,
        output: this.outputs,
      },
    };
    return { proto, weights: this.weights };
  }
}

function valueInfo(name: string, type: DType | 'int64', shape: Shape, axes: AxisNames): ValueInfoProto {
  const dim = shape.map((size, axis) => {
    const axisName = axes[axis];
    return axisName === undefined ? { dimValue: size } : { dimParam: axisName };
  });
  return { name, type: { tensorType: { elemType: onnxTypes[type], shape: { dim } } } };
}
