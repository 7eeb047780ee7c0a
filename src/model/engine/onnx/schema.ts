import { field, messageCodec, repeatedField as repeated } from '../../../io/protobuf.js';
import type { DType } from '../../graph/shape.js';

/** The values of ONNX's TensorProto.DataType that are used here. */
export const onnxTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  boolean: 9,
  float16: 10,
} as const;

/** Size of an element in bytes. */
export const elementBytes: Readonly<Record<DType, number>> = { float32: 4, float16: 2, int32: 4, int8: 1 };

/** The values of ONNX's AttributeProto.AttributeType that are used here. */
export const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  ints?: number[];
}

export interface NodeProto {
  opType: string;
  domain: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData?: Uint8Array;
  /** Keys location, offset, length; with `dataLocation` 1. */
  externalData?: { key: string; value: string }[];
  dataLocation?: number;
}

export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: ({ dimValue: number } | { dimParam: string })[] } } };
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  opsetImport: { domain: string; version: number }[];
  graph: {
    name: string;
    node: NodeProto[];
    initializer: TensorProto[];
    input: ValueInfoProto[];
    output: ValueInfoProto[];
  };
}

/** The part of onnx.proto (ONNX IR version 10) that titlesmith writes, with names in camel case. */
const messages = {
  ModelProto: {
    fields: {
      irVersion: field(1, 'int64'),
      producerName: field(2, 'string'),
      graph: field(7, 'GraphProto'),
      opsetImport: repeated(8, 'OperatorSetIdProto'),
    },
  },
  OperatorSetIdProto: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
  GraphProto: {
    fields: {
      node: repeated(1, 'NodeProto'),
      name: field(2, 'string'),
      initializer: repeated(5, 'TensorProto'),
      input: repeated(11, 'ValueInfoProto'),
      output: repeated(12, 'ValueInfoProto'),
    },
  },
  NodeProto: {
    fields: {
      input: repeated(1, 'string'),
      output: repeated(2, 'string'),
      opType: field(4, 'string'),
      attribute: repeated(5, 'AttributeProto'),
      domain: field(7, 'string'),
    },
  },
  AttributeProto: {
    fields: {
      name: field(1, 'string'),
      f: field(2, 'float'),
      i: field(3, 'int64'),
      s: field(4, 'bytes'),
      ints: repeated(8, 'int64'),
      type: field(20, 'int32'),
    },
  },
  TensorProto: {
    fields: {
      dims: repeated(1, 'int64'),
      dataType: field(2, 'int32'),
      name: field(8, 'string'),
      rawData: field(9, 'bytes'),
      externalData: repeated(13, 'StringStringEntryProto'),
      dataLocation: field(14, 'int32'),
    },
  },
  StringStringEntryProto: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
  ValueInfoProto: { fields: { name: field(1, 'string'), type: field(2, 'TypeProto') } },
  TypeProto: { fields: { tensorType: field(1, 'TensorTypeProto') } },
  TensorTypeProto: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShapeProto') } },
  TensorShapeProto: { fields: { dim: repeated(1, 'DimensionProto') } },
  DimensionProto: { fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') } },
};

const codecs = {
  ModelProto: messageCodec(messages, 'ModelProto'),
  GraphProto: messageCodec(messages, 'GraphProto'),
  TensorProto: messageCodec(messages, 'TensorProto'),
};

/** The protobuf bytes of an ONNX model. */
export function encodeModel(model: ModelProto): Uint8Array {
  return codecs.ModelProto.encode(model);
}

/**
 * The protobuf bytes of a model without its graph, of a graph, or of a tensor, from which a large model is assembled.
 */
export function encodeMessage(
  message:
    | { readonly model: Omit<ModelProto, 'graph'> }
    | { readonly graph: ModelProto['graph'] }
    | { readonly tensor: TensorProto },
): Uint8Array {
  if ('model' in message) return codecs.ModelProto.encode(message.model);
  if ('graph' in message) return codecs.GraphProto.encode(message.graph);
  return codecs.TensorProto.encode(message.tensor);
}
