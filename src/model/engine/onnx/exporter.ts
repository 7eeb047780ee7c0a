import type { OpName } from '../../graph/op-table.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import type { OnnxWriter } from './writer.js';

/** Operators of ONNX Runtime's own. */
export const microsoft = 'com.microsoft';

export interface ExportContext {
  readonly writer: OnnxWriter;
  /** Splits of inputs whose pieces are inputs themselves, with the names of those. */
  readonly splitInputs: ReadonlyMap<OpNode, readonly string[]>;
  /** ONNX name of a tensor already written. */
  readonly nameOf: (tensor: Tensor) => string;
  /** The node whose result `tensor` is, where this add takes it over instead of writing it on its own. */
  readonly fusedOperand: (node: OpNode<'add'>) => { fused: Tensor; other: Tensor } | undefined;
}

/** Writes one node; returns the ONNX names of its outputs. */
export type Exporter<Op extends OpName> = (context: ExportContext, node: OpNode<Op>) => readonly string[];
