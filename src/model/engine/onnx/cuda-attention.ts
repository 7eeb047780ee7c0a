import { maskedScore } from '../../graph/op-table.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import type { ExportContext, Exporter } from './op-exporters.js';
import { onnxTypes } from './schema.js';
import { microsoft, type OnnxWriter } from './writer.js';

/** What the attentions of all layers share. */
interface Places {
  /** The shape [B,T,H+2G,D], of which T is inferred: queries, keys and values of each row's new tokens. */
  readonly shape: string;
  /** Where the new keys and values go in the cache, along its third axis: int64 [B,G,T,D]. */
  readonly written: string;
  /** Added to the scores of keys that a token must not see, float32 [B,1,T,K]. */
  readonly mask: string;
}

/** By the writer of a model, and in it by the ONNX name of the rows' lengths. */
const sharedPlaces = new WeakMap<OnnxWriter, Map<string, Places>>();

function placesOf(
  { writer, nameOf }: ExportContext,
  { inputs, attributes: { heads, keyValueHeads } }: OpNode<'cachedAttention'>,
): Places {
  const [projections, keys, , lengths] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const known = sharedPlaces.get(writer) ?? new Map<string, Places>();
  sharedPlaces.set(writer, known);
  const earlier = known.get(nameOf(lengths));
  if (earlier) return earlier;
  const [capacity, headWidth] = [keys.shape[2]!, keys.shape[3]!];
  const integers = (...values: number[]): string => writer.constant('int64', values, [values.length]);
  const integer = (value: number): string => writer.constant('int64', [value], []);
  const number = (value: number): string => writer.constant('float32', [value], []);
  // The numbers of rows and of tokens are dynamic.
  const rows = writer.emit('Shape', [nameOf(lengths)]);
  const all = writer.emit('Shape', [nameOf(projections)], { end: 1 });
  const tokens = writer.emit('Reshape', [writer.emit('Div', [all, rows]), integers()]);
  // From minus T to minus 1: a row's last token stands before its end.
  const backwards = writer.emit('Range', [writer.emit('Neg', [tokens]), integer(0), integer(1)]);
  const ends = writer.emit('Cast', [nameOf(lengths)], { to: onnxTypes.int64 });
  const positions = writer.emit('Add', [
    writer.emit('Reshape', [ends, integers(-1, 1, 1, 1)]),
    writer.emit('Reshape', [backwards, integers(1, 1, -1, 1)]),
  ]);
  const numbers = Array.from({ length: capacity }, (_, key) => key);
  const key = writer.constant('int64', numbers, [1, 1, 1, capacity]);
  const isSeen = writer.emit('LessOrEqual', [key, positions]);
  const places = {
    shape: writer.emit('Concat', [rows, integers(-1, heads + 2 * keyValueHeads, headWidth)], { axis: 0 }),
    written: writer.emit('Expand', [positions, integers(1, keyValueHeads, 1, headWidth)]),
    mask: writer.emit('Where', [isSeen, number(0), number(maskedScore)]),
  };
  known.set(nameOf(lengths), places);
  return places;
}

/**
 * Attention to a cache in operators that have float32 kernels on CUDA, where GroupQueryAttention has none (its types
 * there are float16 and bfloat16) and falls back to the processor. As ScatterElements' output shares its input's memory
 * where both are given the same, it writes only the new keys and values. Scores are computed for the whole capacity,
 * and those of keys that are not there yet masked.
 */
export const attentionByProducts: Exporter<'cachedAttention'> = (context, node) => {
  const { writer, nameOf } = context;
  const { heads, keyValueHeads, scale } = node.attributes;
  const [projections, keys, values] = node.inputs as [Tensor, Tensor, Tensor, Tensor];
  const { shape, written, mask } = placesOf(context, node);
  const byRow = writer.emit('Reshape', [nameOf(projections), shape]);
  const byHead = writer.emit('Transpose', [byRow], { perm: [0, 2, 1, 3] });
  const [query, key, value] = writer.split(byHead, 1, [heads, keyValueHeads, keyValueHeads]) as [
    string,
    string,
    string,
  ];
  const write = (past: Tensor, added: string): string =>
    writer.emit('ScatterElements', [nameOf(past), written, added], { axis: 2 });
  const [newKeys, newValues] = [write(keys, key), write(values, value)];
  const attributes = { transB: 1, alpha: { float: scale } };
  /** Heads as so many: those that share keys and values, [B,H,T,·], are rows of one, [B,G,T·H/G,·], and back. */
  const asHeads = (count: number, x: string, width: number): string =>
    heads === keyValueHeads
      ? x
      : writer.emit('Reshape', [x, writer.constant('int64', [0, count, -1, width], [4])]);
  const [capacity, headWidth] = [keys.shape[2]!, keys.shape[3]!];
  const grouped = asHeads(keyValueHeads, query, headWidth);
  const scores = writer.emit('FusedMatMul', [grouped, newKeys], attributes, microsoft);
  const masked = writer.emit('Add', [asHeads(heads, scores, capacity), mask]);
  const weights = writer.emit('Softmax', [masked], { axis: -1 });
  const products = writer.emit('MatMul', [asHeads(keyValueHeads, weights, capacity), newValues]);
  const attended = asHeads(heads, products, headWidth);
  const byToken = writer.emit('Transpose', [attended], { perm: [0, 2, 1, 3] });
  const flat = writer.constant('int64', [-1, heads * headWidth], [2]);
  return [writer.emit('Reshape', [byToken, flat]), newKeys, newValues];
};
