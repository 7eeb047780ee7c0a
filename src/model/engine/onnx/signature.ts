import { field, messageCodec, repeatedField as repeated } from '../../../io/protobuf.js';

/** An input or output of an ONNX model. */
interface Port {
  readonly name: string;
  /** TensorProto.DataType; 7 is int64, 1 float32. */
  readonly type: number;
  /** Sizes of its axes; 0 where the caller chooses. */
  readonly shape: readonly number[];
}

/** What an ONNX model takes and gives, and the names of its operators. */
export interface ModelSignature {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly operators: ReadonlySet<string>;
}

/** The part of onnx.proto that describes a model's ends: weights are passed over unread. */
const messages = {
  ModelProto: { fields: { graph: field(7, 'GraphProto') } },
  GraphProto: {
    fields: {
      node: repeated(1, 'NodeProto'),
      input: repeated(11, 'ValueInfoProto'),
      output: repeated(12, 'ValueInfoProto'),
    },
  },
  NodeProto: { fields: { opType: field(4, 'string') } },
  ValueInfoProto: { fields: { name: field(1, 'string'), type: field(2, 'TypeProto') } },
  TypeProto: { fields: { tensorType: field(1, 'TensorTypeProto') } },
  TensorTypeProto: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShapeProto') } },
  TensorShapeProto: { fields: { dim: repeated(1, 'DimensionProto') } },
  DimensionProto: { fields: { dimValue: field(1, 'int64') } },
};

interface ValueInfo {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly { readonly dimValue: number }[] } | null;
    } | null;
  } | null;
}

interface Model {
  readonly graph: {
    readonly node: readonly { readonly opType: string }[];
    readonly input: readonly ValueInfo[];
    readonly output: readonly ValueInfo[];
  } | null;
}

/** @throws Error when the bytes are no ONNX model. */
export function readSignature(bytes: Uint8Array): ModelSignature {
  const { graph } = messageCodec(messages, 'ModelProto').decode(bytes) as Model;
  if (!graph || graph.output.length === 0) throw new Error('it holds no graph');
  return {
    inputs: graph.input.map(port),
    outputs: graph.output.map(port),
    operators: new Set(graph.node.map(({ opType }) => opType)),
  };
}

function port({ name, type }: ValueInfo): Port {
  const tensor = type?.tensorType;
  return {
    name,
    type: tensor?.elemType ?? 0,
    shape: (tensor?.shape?.dim ?? []).map(({ dimValue }) => dimValue),
  };
}
