import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { yieldToEventLoop } from '../../common/yield-to-event-loop.js';
import type { Engine, Program } from '../engine/engine.js';
import { createOnnxRuntimeEngine } from '../engine/onnxruntime/cpu-engine.js';
import { ModelFile } from '../engine/onnxruntime/model-file.js';
import { input, matmul } from '../graph/builder.js';
import { parseWordPieceTokenizer, type WordPieceTokenizer } from '../tokenizer/word-piece.js';
import { isMiniLm, probeSentence } from './mini-lm.js';
import type { Pooling } from './pooling.js';

/** What a sentence model's files hold. */
interface SentenceModelFiles {
  readonly onnx: { readonly path: string; readonly bytes: Uint8Array };
  readonly tokenizer: { readonly path: string; readonly content: string };
  /** Default: the mean. */
  readonly pooling?: Pooling;
}

/** Longer texts are cut, as sentence-transformers cuts them for all-MiniLM-L6-v2. In tokens, [CLS] and [SEP] included. */
const mostTokens = 256;
/** Texts that one run of the model embeds; they have the same number of tokens, so that none needs padding. */
const batchSize = 16;
/** Texts among which batches are made, in the order of the texts; those of a block depend on no others. */
const blockSize = 512;

const inputNames = ['input_ids', 'attention_mask', 'token_type_ids'];
const [float32, int64] = [1, 7];

/** What a sentence model makes of single tokens. `[CLS]` and `[SEP]` are left out. */
interface TokenReader {
  /** The ids of a text's tokens. */
  idsOf(text: string): readonly number[];
  /**
   * The last hidden state of each token, divided by its Euclidean length.
   * @returns by text: float32[tokens, width].
   * @throws InterruptedError when the context asks to stop.
   */
  vectorsOf(texts: readonly string[], context: WorkContext): Promise<readonly Float32Array[]>;
}

/**
 * Sentences to vectors by the recipe of sentence-transformers (Reimers and Gurevych, arXiv 1908.10084): the mean of the
 * last hidden states of all tokens (or, of a model trained so, the first one), divided by its Euclidean length. The cosine of two sentences is then the dot product of
 * their vectors.
 *
 * A model that quantizes activations as it runs shares one scale among all texts of a run: there each text runs alone, so
 * that its vector depends on no other.
 */
export class SentenceEncoder {
  /** Undefined unless the model is all-MiniLM-L6-v2, for whose tokens the likeness of two titles is fitted. */
  tokens: TokenReader | undefined;

  private readonly batch: number;

  /** The last matrix product and the rows that it is compiled for: all blocks but the last have as many. */
  private product: { readonly rows: string; readonly program: Promise<Program> } | undefined;

  private constructor(
    private readonly model: ModelFile,
    private readonly tokenizer: WordPieceTokenizer,
    private readonly outputName: string,
    private readonly pooling: Pooling,
    /** Numbers of a vector. */
    readonly width: number,
    /** What the model is and what identifies its content, one line. */
    readonly description: string,
    private readonly engine: Engine,
  ) {
    this.batch = model.signature.operators.has('DynamicQuantizeLinear') ? 1 : batchSize;
  }

  /**
   * @param description of the model, with what identifies its content.
   * @param threads size of the process's thread pool, if nothing has made it yet; undefined: one thread a physical core.
   * @throws TitlesmithError `sentence-model` when the files are no sentence model that can be run.
   */
  static async open(
    { onnx, tokenizer, pooling = 'mean' }: SentenceModelFiles,
    description: string,
    threads?: number,
  ): Promise<SentenceEncoder> {
    const words = parseWordPieceTokenizer(tokenizer.content, tokenizer.path);
    let model: ModelFile;
    try {
      model = await ModelFile.open(onnx.bytes, threads ?? 0);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw wrongModel(onnx.path, `cannot be read as an ONNX model: ${said}`, error);
    }
    const { inputs, outputs } = model.signature;
    const unknown = inputs.find(({ name, type }) => !inputNames.includes(name) || type !== int64);
    const [output] = outputs;
    const width = output?.shape[2] ?? 0;
    try {
      if (unknown || !inputs.some(({ name }) => name === 'input_ids'))
        throw wrongModel(
          onnx.path,
          `takes ${inputs.map(({ name }) => name).join(', ')}, not ${inputNames.join(', ')}`,
        );
      if (!output || output.type !== float32 || output.shape.length !== 3 || width === 0)
        throw wrongModel(onnx.path, 'does not give hidden states, float32[texts,tokens,width], first');
      const encoder = new SentenceEncoder(
        model,
        words,
        output.name,
        pooling,
        width,
        description,
        createOnnxRuntimeEngine({ threads }),
      );
      const probe = await encoder.embed([probeSentence]).catch((error: Error) => {
        throw wrongModel(onnx.path, `cannot be run: ${error.message}`, error);
      });
      if (pooling === 'mean' && isMiniLm(probe)) encoder.tokens = encoder.tokenReader();
      return encoder;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /**
   * @returns float32[texts, {@link width}], row by row, each of length 1. The vectors of a block of {@link blockSize} texts depend
   *   on the texts of that block alone.
   * @throws InterruptedError when the context asks to stop.
   */
  async embed(texts: readonly string[], context: WorkContext = silentContext): Promise<Float32Array> {
    const vectors = new Float32Array(texts.length * this.width);
    await this.readAll(texts, context, (text, hidden) => {
      const pooled = this.pooling === 'mean' ? hidden : hidden.subarray(0, this.width);
      meanDirection(pooled, vectors.subarray(text * this.width, (text + 1) * this.width));
    });
    return vectors;
  }

  /** Dot products of all rows of two matrices of vectors: float32[rows of `a`, rows of `b`]. One call at a time. */
  async dotProducts(a: Float32Array, b: Float32Array): Promise<Float32Array> {
    const [left, right] = [a.length / this.width, b.length / this.width];
    const rows = `${left} ${right}`;
    if (this.product?.rows !== rows) {
      await (await this.product?.program)?.dispose();
      const [x, y] = [input('a', [left, this.width]), input('b', [right, this.width])];
      this.product = { rows, program: this.engine.compile({ products: matmul(x, y, { transposeB: true }) }) };
    }
    const products = new Float32Array(left * right);
    await (await this.product.program).run({ a, b }, { products });
    return products;
  }

  /** Frees the model's memory. */
  async dispose(): Promise<void> {
    await (await this.product?.program)?.dispose();
    this.model.dispose();
  }

  private tokenReader(): TokenReader {
    return {
      idsOf: (text) => this.tokenizer.encode(text, mostTokens).slice(1, -1),
      vectorsOf: async (texts, context) => {
        const vectors: Float32Array[] = [];
        await this.readAll(texts, context, (text, hidden) => {
          const rows = hidden.slice(this.width, -this.width);
          for (let start = 0; start < rows.length; start += this.width) {
            const row = rows.subarray(start, start + this.width);
            meanDirection(row.slice(), row);
          }
          vectors[text] = rows;
        });
        return vectors;
      },
    };
  }

  /** @param take is given each text's position, and its last hidden states: float32[tokens, width]. */
  private async readAll(
    texts: readonly string[],
    { signal }: WorkContext,
    take: (text: number, hidden: Float32Array) => void,
  ): Promise<void> {
    for (let start = 0; start < texts.length; start += blockSize) {
      const ids = texts
        .slice(start, start + blockSize)
        .map((text) => this.tokenizer.encode(text, mostTokens));
      for (const batch of this.batches(ids)) {
        await yieldToEventLoop();
        if (signal.aborted) throw new InterruptedError();
        const hidden = await this.runBatch(ids, batch);
        const size = hidden.length / batch.length;
        for (const [row, position] of batch.entries())
          take(start + position, hidden.subarray(row * size, (row + 1) * size));
      }
    }
  }

  /** Positions of texts with equally many tokens, the shortest first, in their order. */
  private batches(ids: readonly (readonly number[])[]): number[][] {
    const ofLength = new Map<number, number[]>();
    for (const [position, { length }] of ids.entries()) {
      const positions = ofLength.get(length);
      if (positions) positions.push(position);
      else ofLength.set(length, [position]);
    }
    const lengths = [...ofLength].sort(([a], [b]) => a - b);
    return lengths.flatMap(([, positions]) =>
      Array.from({ length: Math.ceil(positions.length / this.batch) }, (_, i) =>
        positions.slice(i * this.batch, (i + 1) * this.batch),
      ),
    );
  }

  /** The last hidden states of texts with equally many tokens: float32[texts, tokens, width]. */
  private async runBatch(
    ids: readonly (readonly number[])[],
    positions: readonly number[],
  ): Promise<Float32Array> {
    const [rows, tokens] = [positions.length, ids[positions[0]!]!.length];
    const shape = [rows, tokens];
    const all = {
      input_ids: BigInt64Array.from(
        positions.flatMap((position) => ids[position]!),
        BigInt,
      ),
      attention_mask: new BigInt64Array(rows * tokens).fill(1n),
      token_type_ids: new BigInt64Array(rows * tokens),
    };
    const feeds = Object.fromEntries(
      this.model.signature.inputs.map(({ name }) => [name, { array: all[name as keyof typeof all], shape }]),
    );
    const hidden = new Float32Array(rows * tokens * this.width);
    await this.model.run(feeds, { [this.outputName]: { array: hidden, shape: [...shape, this.width] } });
    return hidden;
  }
}

/** The mean of rows, divided by its Euclidean length. Sums are of 64 bits. @param vector takes it. */
function meanDirection(rows: Float32Array, vector: Float32Array): void {
  const width = vector.length;
  const sum = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width)
    for (let i = 0; i < width; i++) sum[i]! += rows[start + i]!;
  const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
  for (let i = 0; i < width; i++) vector[i] = sum[i]! / (length || 1);
}

function wrongModel(path: string, what: string, cause?: unknown): TitlesmithError {
  return new TitlesmithError(`${path} ${what}.`, {
    code: 'sentence-model',
    hint: 'Name a folder with the ONNX file of a sentence model such as all-MiniLM-L6-v2, and its tokenizer.json.',
    cause,
  });
}
