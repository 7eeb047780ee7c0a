import { type DType, elementCount, type Shape, type TensorSpecification } from '../../graph/shape.js';
import type { DeviceTensor } from '../engine.js';
import { OnnxWriter } from '../onnx/writer.js';
import type { Enqueue } from './device-tensor.js';
import type { Provider } from './providers.js';
import { OrtSession } from './session.js';

/** Tensors between which a row is copied. */
export interface RowPair {
  readonly from: DeviceTensor;
  readonly to: DeviceTensor;
}

/** Shapes of a pair, and the type of both. */
interface PairSpecification {
  readonly from: Shape;
  readonly to: Shape;
  readonly dtype: DType;
}

const rowSize = (shape: Shape): number => elementCount(shape.slice(1));

/** A view of a tensor as a matrix of rows. */
function flat(tensor: DeviceTensor): DeviceTensor {
  const { shape } = tensor.specification;
  return tensor.view([shape[0]!, rowSize(shape)]);
}

const runImmediately: Enqueue = (work) => work();

/**
 * Copies one row of some tensors over a row of others. As ScatterElements' output shares its input's memory, it writes
 * only the new row.
 */
export class RowCopy {
  /** Views passed to runs, by tensor; calls mostly copy between the same tensors. */
  private readonly views = new WeakMap<DeviceTensor, DeviceTensor>();

  private constructor(private readonly session: OrtSession) {}

  /** Runs are not queued on the device: the caller is in the queue already. */
  static async open(
    specifications: readonly PairSpecification[],
    provider: Provider,
    threads: number,
  ): Promise<RowCopy> {
    const writer = new OnnxWriter();
    const inputs = new Map<string, TensorSpecification>();
    const outputs = new Map<string, TensorSpecification>();
    const declare = (name: string, specification: TensorSpecification): string => {
      inputs.set(name, specification);
      writer.input(name, specification.dtype, specification.shape);
      return name;
    };
    const index = (name: string): string => declare(name, { shape: [1], dtype: 'int32' });
    const [fromRow, toRow] = [index('fromRow'), index('toRow')];
    const column = writer.emit('Reshape', [toRow, writer.constant('int64', [1, 1], [2])]);
    for (const [pair, { from, to, dtype }] of specifications.entries()) {
      const size = rowSize(from);
      const source = declare(`from.${pair}`, { shape: [from[0]!, size], dtype });
      const specification = { shape: [to[0]!, size], dtype };
      const target = declare(`to.${pair}`, specification);
      const row = writer.emit('Gather', [source, fromRow], { axis: 0 });
      const indices = writer.emit('Expand', [column, writer.constant('int64', [1, size], [2])]);
      const written = writer.emit('ScatterElements', [target, indices, row], { axis: 0 });
      writer.output(`written.${pair}`, written, specification);
      outputs.set(`written.${pair}`, specification);
    }
    const session = await OrtSession.open(writer.finish(), inputs, outputs, {
      threads,
      appendProvider: (options) => provider.append(options, {}),
      enqueue: runImmediately,
    });
    return new RowCopy(session);
  }

  run(pairs: readonly RowPair[], fromRow: number, toRow: number): Promise<void> {
    const view = (tensor: DeviceTensor): DeviceTensor => {
      const known = this.views.get(tensor) ?? flat(tensor);
      this.views.set(tensor, known);
      return known;
    };
    const sources = pairs.map(({ from }, pair) => [`from.${pair}`, view(from)] as const);
    const targets = pairs.map(({ to }) => view(to));
    return this.session.run(
      {
        fromRow: Int32Array.of(fromRow),
        toRow: Int32Array.of(toRow),
        ...Object.fromEntries(sources),
        ...Object.fromEntries(targets.map((target, pair) => [`to.${pair}`, target])),
      },
      Object.fromEntries(targets.map((target, pair) => [`written.${pair}`, target])),
    );
  }
}
