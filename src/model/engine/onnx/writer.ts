import { type DType, elementCount, type Shape, type TensorSpecification } from '../../graph/shape.js';
import { narrow } from '../float-formats.js';
import {
  type AttributeProto,
  attributeTypes,
  elementBytes,
  encodeModel,
  type NodeProto,
  onnxTypes,
  type TensorProto,
  type ValueInfoProto,
} from './schema.js';

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value };
  if (typeof value === 'string') return { name, type: attributeTypes.string, s: Buffer.from(value) };
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: [...value] };
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Collects the nodes, constants, inputs and outputs of one ONNX model. Values are known by name. */
export class OnnxWriter {
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly inputNames = new Set<string>();
  private readonly outputs: ValueInfoProto[] = [];
  /** What values that are outputs were renamed to. */
  private readonly outputNames = new Map<string, string>();
  private readonly constantNames = new Map<string, string>();
  private names = 0;

  private newName(): string {
    return `v${this.names++}`;
  }

  /** Adds a node of one output and returns the output's name. An input of '' is an optional one left out. */
  emit(
    opType: string,
    input: string[],
    attributes: Record<string, AttributeValue> = {},
    domain = '',
  ): string {
    return this.emitMany(opType, input, 1, attributes, domain)[0]!;
  }

  /** Adds a node of several outputs. */
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
    this.initializers.push({ name, dims: [...shape], dataType: onnxTypes[type], rawData });
    this.constantNames.set(key, name);
    return name;
  }

  /** A constant whose values are given to the runtime beside the model: here stand only its name, type and shape. */
  initializer(name: string, type: DType, shape: Shape): void {
    const bytes = elementBytes[type] * elementCount(shape);
    const entries = { location: name, offset: '0', length: String(bytes) };
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    this.initializers.push({
      name,
      dims: [...shape],
      dataType: onnxTypes[type],
      externalData,
      dataLocation: 1,
    });
  }

  /**
   * Declares an input, unless it is declared: several nodes may read one.
   * @param rows names the first axis where its size is left open; axes of one name have one size in a run.
   */
  input(name: string, type: DType, shape: Shape, rows: string | undefined): void {
    if (this.inputNames.has(name)) return;
    this.inputNames.add(name);
    this.inputs.push(valueInfo(name, type, shape, rows));
  }

  /**
   * Declares the value `value` as the model's output `name`. The value is renamed rather than copied, so that the node
   * that makes it writes straight into the caller's memory.
   * @param rows as for `input`.
   */
  output(name: string, value: string, { dtype, shape }: TensorSpecification, rows: string | undefined): void {
    const earlier = this.outputNames.get(value);
    const maker = this.nodes.find((node) => node.output.includes(value));
    if (maker) {
      this.outputNames.set(value, name);
      const rename = (known: string): string => (known === value ? name : known);
      for (const node of this.nodes) node.input = node.input.map(rename);
      maker.output = maker.output.map(rename);
    } else {
      this.nodes.push({
        opType: 'Identity',
        domain: '',
        input: [earlier ?? value],
        output: [name],
        attribute: [],
      });
    }
    this.outputs.push(valueInfo(name, dtype, shape, rows));
  }

  /** The finished model: IR version 10, opset 20 with ONNX Runtime's own operators. */
  finish(): Uint8Array {
    return encodeModel({
      irVersion: 10,
      producerName: 'titlesmith',
      opsetImport: [
        { domain: '', version: 20 },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: 'titlesmith',
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      },
    });
  }
}

function valueInfo(name: string, type: DType, shape: Shape, rows: string | undefined): ValueInfoProto {
  const dim = shape.map((size, axis) =>
    axis === 0 && rows !== undefined ? { dimParam: rows } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType: onnxTypes[type], shape: { dim } } } };
}
