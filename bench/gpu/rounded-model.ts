import { widen } from '../../src/model/engine/float-formats.js';
import { type NodeProto, onnxTypes, type TensorProto } from '../../src/model/engine/onnx/schema.js';
import type { OnnxModel } from '../../src/model/engine/onnx/writer.js';

/** Operators whose results are of another type than their operands. */
const otherTypes = new Set(['Equal', 'Less', 'LessOrEqual', 'And', 'Shape']);

/** Operators that only move numbers: nothing is rounded. */
const moving = new Set([
  ...['Reshape', 'Transpose', 'Split', 'Concat', 'Squeeze', 'Unsqueeze', 'Gather', 'Expand'],
  ...['Slice', 'GatherElements', 'ScatterElements', 'Where', 'ConstantOfShape'],
]);

/**
 * Factors of the rounding: x·(2¹³ + 1) cuts a float32 to 11 bits of significand (Dekker, "A Floating-Point Technique for
 * Extending the Available Precision", 1971, section 4); 2¹¹² makes all infinite from 65,536 on, and 2⁻¹¹² brings it back.
 */
const factors = { split: 2 ** 13 + 1, up: 2 ** 112, down: 2 ** -112 };

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Makes a float16 constant one of float32. */
function widenConstant(tensor: TensorProto): void {
  const bits = new Uint16Array(Uint8Array.from(tensor.rawData!).buffer);
  const values = new Float32Array(bits.length);
  widen('F16', bits, values);
  tensor.dataType = onnxTypes.float32;
  tensor.rawData = bytesOf(values);
}

const castsTo = ({ opType, attribute }: NodeProto): number | undefined =>
  opType === 'Cast' ? Number(attribute[0]?.i) : undefined;

/**
 * Rewrites a model that computes in float16 into one of float32 that rounds as a card does which multiplies float16 and
 * adds float32, as CUDA's matrix units do: the result of every operator in float16 is rounded to 11 bits and infinite
 * beyond its range. Numbers below 2⁻¹⁴ keep more bits than float16 has there. ONNX Runtime by itself leaves these roundings
 * out on the processor.
 * @returns how many results are rounded.
 */
export function roundAsFloat16({ proto: { graph } }: OnnxModel): number {
  const halves = new Set<string>();
  for (const constant of graph.initializer) {
    if (constant.dataType !== onnxTypes.float16) continue;
    halves.add(constant.name);
    widenConstant(constant);
  }
  for (const [name, value] of Object.entries(factors)) {
    const rawData = bytesOf(Float32Array.of(value));
    graph.initializer.push({ name: `round.${name}`, dims: [], dataType: onnxTypes.float32, rawData });
  }
  let rounded = 0;
  const nodes: NodeProto[] = [];
  const emit = (opType: string, operands: string[], result: string): void => {
    nodes.push({ opType, domain: '', input: operands, output: [result], attribute: [] });
  };
  /** Appends the rounding of a result to a name. @returns the name of what is rounded. */
  const roundTo = (name: string): string => {
    const [raw, product, part, short, large] = ['raw', 'product', 'part', 'short', 'large'].map(
      (step) => `round.${rounded}.${step}`,
    ) as [string, string, string, string, string];
    rounded++;
    emit('Mul', [raw, 'round.split'], product);
    emit('Sub', [product, raw], part);
    emit('Sub', [product, part], short);
    emit('Mul', [short, 'round.up'], large);
    emit('Mul', [large, 'round.down'], name);
    return raw;
  };
  for (const node of graph.node) {
    const target = castsTo(node);
    const reads = node.opType.startsWith('Gather') ? node.input.slice(0, 1) : node.input;
    const isFromHalf = reads.some((name) => halves.has(name));
    const isHalf =
      target === undefined ? isFromHalf && !otherTypes.has(node.opType) : target === onnxTypes.float16;
    if (target !== undefined && (isHalf || isFromHalf)) {
      node.opType = 'Identity';
      node.attribute = [];
    }
    nodes.push(node);
    if (!isHalf) continue;
    for (const name of node.output) halves.add(name);
    if (!moving.has(node.opType)) node.output = node.output.map(roundTo);
  }
  graph.node = nodes;
  return rounded;
}
