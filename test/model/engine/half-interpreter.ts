import { narrow, widen } from '../../../src/model/engine/float-formats.js';
import type { OnnxModel } from '../../../src/model/engine/onnx/writer.js';

/** Rounds to float16. */
export function toHalf(values: Float32Array): Float32Array {
  const rounded = new Float32Array(values.length);
  widen('F16', narrow(values), rounded);
  return rounded;
}

type Operation = (...operands: number[]) => number;

const operations: Readonly<Record<string, Operation>> = {
  Mul: (a, b) => a * b!,
  Add: (a, b) => a + b!,
  Sub: (a, b) => a - b!,
  Sum: (...terms) => terms.reduce((a, b) => a + b),
  Clip: (x, least, most) => Math.min(Math.max(x, least!), most!),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  FastGelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/**
 * Computes a model of elementwise operators as a card with float16 does: the result of every operator is rounded, which
 * ONNX Runtime leaves out on the processor.
 * @param feeds arrays of one length, by input name. @returns the values of the only output.
 */
export function interpretInHalf(
  { proto: { graph } }: OnnxModel,
  feeds: Readonly<Record<string, Float32Array>>,
): Float32Array {
  const values = new Map(Object.entries(feeds).map(([name, array]) => [name, toHalf(array)]));
  const { length } = Object.values(feeds)[0]!;
  for (const { name, rawData } of graph.initializer) {
    const scalar = new Float32Array(1);
    const bytes = Uint8Array.from(rawData!);
    widen('F16', new Uint16Array(bytes.buffer, 0, 1), scalar);
    values.set(name, new Float32Array(length).fill(scalar[0]!));
  }
  for (const { opType, input, output } of graph.node) {
    const operation = operations[opType]!;
    const operands = input.map((name) => values.get(name)!);
    const result = Float32Array.from({ length }, (_, element) =>
      operation(...operands.map((operand) => operand[element]!)),
    );
    values.set(output[0]!, toHalf(result));
  }
  return values.get(graph.output[0]!.name)!;
}
