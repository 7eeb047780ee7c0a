import { elementCount, type Shape } from '../graph/shape.js';
import { projectionWidths } from '../transformer/architecture.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';

/** A tensor of Hugging Face's files that is a parameter, or some columns of one. */
export interface StoredTensor {
  /** Without the prefix that all but the output layer have. */
  readonly name: string;
  /** As it is stored. */
  readonly shape: Shape;
  /** Stored [out, in] it is columns of a matrix [in, out], from this one on; undefined: it is the parameter as it is. */
  readonly firstColumn: number | undefined;
}

/** How Hugging Face's files of one kind of model name and lay out its parameters. */
export interface StoredLayout {
  /** What the kind is called in messages. */
  readonly kind: string;
  readonly prefix: string;
  /** Of the token embedding, without the prefix. */
  readonly embedding: string;
  /** Tensors of old files that are constants, no weights. */
  readonly constants: RegExp;
  /** The tensors of each parameter, by its name. */
  readonly tensors: ReadonlyMap<string, readonly StoredTensor[]>;
}

/** The output layer's name; it has no prefix, and may be there even where it is the token embedding. */
export const outputLayer = 'lm_head.weight';

/** The layout of a configuration's files. */
export function storedLayout(configuration: TransformerConfiguration): StoredLayout {
  const specifications = parameterSpecifications(configuration);
  const layoutOf = (tensors: (specification: ParameterSpecification) => readonly StoredTensor[]) =>
    new Map(specifications.map((specification) => [specification.name, tensors(specification)]));
  const asItIs = (name: string, shape: Shape): StoredTensor[] => [{ name, shape, firstColumn: undefined }];
  if (!configuration.llama) {
    return {
      kind: 'GPT-2',
      prefix: 'transformer.',
      embedding: 'wte.weight',
      constants: /^h\.\d+\.attn\.(bias|masked_bias)$/,
      tensors: layoutOf(({ name, shape }) => asItIs(name, shape)),
    };
  }
  const { innerWidth } = configuration.llama;
  const parts: Readonly<
    Record<string, { readonly names: readonly string[]; readonly widths: readonly number[] }>
  > = {
    'attn.c_attn': {
      names: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
      widths: projectionWidths(configuration),
    },
    'attn.c_proj': { names: ['self_attn.o_proj'], widths: [configuration.width] },
    'mlp.c_fc': { names: ['mlp.gate_proj', 'mlp.up_proj'], widths: [innerWidth, innerWidth] },
    'mlp.c_proj': { names: ['mlp.down_proj'], widths: [configuration.width] },
  };
  const vectors: Readonly<Record<string, string>> = {
    ln_1: 'input_layernorm',
    ln_2: 'post_attention_layernorm',
  };
  const outside: Readonly<Record<string, string>> = {
    'wte.weight': 'embed_tokens.weight',
    'ln_f.weight': 'norm.weight',
    [outputLayer]: outputLayer,
  };
  return {
    kind: 'Llama',
    prefix: 'model.',
    embedding: 'embed_tokens.weight',
    constants: /^layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/,
    tensors: layoutOf(({ name, shape }) => {
      const [, layer, inner] = /^h\.(\d+)\.(.*)\.weight$/.exec(name) ?? [];
      if (layer === undefined) return asItIs(outside[name]!, shape);
      const matrix = parts[inner!];
      if (!matrix) return asItIs(`layers.${layer}.${vectors[inner!]!}.weight`, shape);
      let firstColumn = 0;
      return matrix.names.map((part, index) => {
        const width = matrix.widths[index]!;
        const tensor = { name: `layers.${layer}.${part}.weight`, shape: [width, shape[0]!], firstColumn };
        firstColumn += width;
        return tensor;
      });
    }),
  };
}

/** Rows and columns that are transposed together, so that both sides stay in the processor's nearest cache. */
const block = 32;

/** Visits the elements of a matrix [rows, columns] block by block. */
function visitBlocks(rows: number, columns: number, visit: (row: number, column: number) => void): void {
  for (let top = 0; top < rows; top += block) {
    for (let left = 0; left < columns; left += block) {
      const [bottom, right] = [Math.min(rows, top + block), Math.min(columns, left + block)];
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) visit(row, column);
    }
  }
}

/**
 * Reads a parameter from its stored tensors.
 * @param into its values, row-major; if it is shorter than the parameter, only the first ones of a tensor that is stored
 *   as it is.
 * @param read fills an array with the first values of a stored tensor.
 */
export async function readStored(
  tensors: readonly StoredTensor[],
  into: Float32Array,
  read: (tensor: StoredTensor, into: Float32Array) => Promise<void>,
): Promise<void> {
  const columns = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  for (const tensor of tensors) {
    const { firstColumn, shape } = tensor;
    if (firstColumn === undefined) {
      await read(tensor, into);
      continue;
    }
    const stored = new Float32Array(elementCount(shape));
    await read(tensor, stored);
    const [width, rows] = shape as [number, number];
    visitBlocks(width, rows, (column, row) => {
      into[row * columns + firstColumn + column] = stored[column * rows + row]!;
    });
  }
}

/** One stored tensor's values, from those of its parameter. @param all the tensors of that parameter. */
export function storedValues(
  tensor: StoredTensor,
  all: readonly StoredTensor[],
  parameter: Float32Array,
): Float32Array {
  const { firstColumn, shape } = tensor;
  if (firstColumn === undefined) return parameter;
  const columns = all.reduce((sum, { shape: [width] }) => sum + width!, 0);
  const stored = new Float32Array(elementCount(shape));
  const [width, rows] = shape as [number, number];
  visitBlocks(width, rows, (column, row) => {
    stored[column * rows + row] = parameter[row * columns + firstColumn + column]!;
  });
  return stored;
}
