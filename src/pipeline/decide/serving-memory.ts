import { stat } from 'node:fs/promises';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes, pluralize } from '../../common/number-formats.js';
import { elementCount } from '../../model/graph/shape.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { parameterSpecifications } from '../../model/transformer/parameters.js';
import { slotBytes } from '../../model/transformer/slots.js';
import type { Precision } from '../../options/choices.js';
import type { TitleFiles } from '../../serve/served-model.js';
import { availableMemory, memoryHolder } from './memory.js';

const bytesPerFloat = 4;
const bytesOfMatrix: Readonly<Record<Precision, number>> = { float32: 4, float16: 2, int8: 1 };

/** Of the index that texts are compared with, a byte of a dataset file: 5 MB were measured for 9,000 titles of 650 kB. */
const indexBytesPerByte = 8;
/** Of the base model's own titles, which are kept once for each thread. */
const baseTitleBytes = 25e6;

/** How a model is opened. */
interface Opened {
  readonly slots: number;
  /** In tokens, before the model's context bounds it. */
  readonly capacity: number;
  readonly precision: Precision;
}

/**
 * What a model's weights take on a processor, in bytes. The output layer is the token embedding, which the runtime keeps a
 * second time in the order that its products read.
 */
export function weightBytes(configuration: TransformerConfiguration, precision: Precision): number {
  const { vocabularySize, width } = configuration;
  const own = parameterSpecifications(configuration).reduce((sum, { shape, decays }) => {
    return sum + elementCount(shape) * (decays ? bytesOfMatrix[precision] : bytesPerFloat);
  }, 0);
  const outputLayer = precision === 'int8' ? 1 : bytesPerFloat;
  return own + vocabularySize * width * outputLayer;
}

/** What slots take: keys and values, and the scores of a token in each. In bytes. */
export function slotsBytes(configuration: TransformerConfiguration, { slots, capacity }: Opened): number {
  const { contextLength, vocabularySize } = configuration;
  const each = slotBytes(configuration, Math.min(capacity, contextLength));
  const scores = 2 * bytesPerFloat * vocabularySize;
  return slots * (each + scores);
}

/** What it takes to compare texts with a run's titles, in bytes. */
export async function titleBytes(titles: TitleFiles | undefined): Promise<number> {
  if (!titles) return 0;
  const sizes = await Promise.all(
    [titles.train, titles.validation].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const index = indexBytesPerByte * sizes.reduce((sum, size) => sum + size, 0);
  return index + (titles.baseCopies === undefined ? 0 : baseTitleBytes);
}

/**
 * Says what serving several models takes, before it is taken.
 * @param parts what takes how much, in bytes.
 * @param models how many there are.
 * @returns one line.
 * @throws TitlesmithError `memory` when there is not so much, with what each part takes.
 */
export function checkServingMemory(
  parts: readonly { readonly what: string; readonly bytes: number }[],
  models: number,
  available: number = availableMemory(),
): string {
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const shown = parts.map(({ what, bytes }) => `${what} ${formatBytes(bytes)}`).join(', ');
  const takes = `${pluralize(models, 'model')} take some ${formatBytes(needed)}`;
  if (needed <= available) return `memory: ${takes} of ${formatBytes(available)} that are free (${shown})`;
  throw new TitlesmithError(
    `The ${takes} of memory, but ${memoryHolder()} has ${formatBytes(available)} free (${shown}).`,
    { code: 'memory', hint: 'Serve fewer models, or give fewer --slots or a lower --capacity.' },
  );
}
