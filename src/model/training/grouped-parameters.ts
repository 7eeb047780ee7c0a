import type { DeviceMemory, DeviceTensor, Engine, Program, Value } from '../engine/engine.js';
import { concat, input, multiply, reduceSum, split } from '../graph/builder.js';
import { elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { ParameterSpecification } from '../transformer/parameters.js';
import {
  adamWFactors,
  adamWInput,
  adamWOutput,
  adamWScalarNames,
  type UpdatedKind,
  updateParameter,
} from './adamw.js';
import {
  commonRow,
  type DeviceParameters,
  type DeviceScalars,
  type MirroredArray,
  type NamedTensors,
  storeOf,
} from './device-parameters.js';
import type { TrainedParameters } from './trainable-model.js';

/** Most elements of parameters that are joined to be updated together (64 MiB). */
const groupElements = 1 << 24;

/** Consecutive parameters of the model's flat arrays that are updated in one run. */
interface Group {
  readonly members: readonly ParameterSpecification[];
  /** Range of the flat arrays. */
  readonly start: number;
  readonly end: number;
  readonly decays: boolean;
  /** Shape of the joined parameters: [R,row], or that of a parameter too large to be viewed as rows. */
  readonly shape: Shape;
  /** Shapes in which the members are joined. */
  readonly parts: readonly Shape[];
}

/** A parameter, or its gradient, in its own shape and as a part of its group. */
interface Member {
  readonly tensor: DeviceTensor;
  readonly part: DeviceTensor;
}

/** What an update of a group reads and writes. */
interface GroupTensors {
  readonly parameters: readonly Member[];
  /** Joined, of the group's shape. */
  readonly firstMoment: DeviceTensor;
  readonly secondMoment: DeviceTensor;
}

interface UpdatedGroup extends Group {
  readonly program: Program;
  tensors: GroupTensors;
  /**
   * Double buffer, as a device must not write what it reads: receives the new values, then serves the next group of the
   * same shapes.
   */
  readonly spare: { tensors: GroupTensors };
}

type Gradients = ReadonlyMap<string, Member>;

/**
 * For memory without addresses, where every tensor is a buffer of its own: parameters and gradients are joined in groups
 * by each update, so that it takes as many operations as there are groups; moments stay joined.
 */
export class GroupedParameters implements DeviceParameters {
  private accumulated: Gradients | undefined;

  private constructor(
    private readonly model: TrainedParameters,
    private readonly groups: readonly UpdatedGroup[],
    private readonly norm: Program,
    private readonly allocateGradients: () => Gradients,
    private current: Gradients,
  ) {}

  static async open(
    engine: Engine,
    device: DeviceMemory,
    model: TrainedParameters,
  ): Promise<GroupedParameters> {
    const groups = groupsOf(model, Math.min(groupElements, device.largestBuffer / 4));
    const allocateMembers = ({ members, parts }: Group): Member[] =>
      members.map(({ shape }, index) => {
        const tensor = device.allocate({ shape, dtype: 'float32' });
        const part = parts[index]!;
        return { tensor, part: part === shape ? tensor : tensor.view(part) };
      });
    const allocateGroup = (group: Group): GroupTensors => ({
      parameters: allocateMembers(group),
      firstMoment: device.allocate({ shape: group.shape, dtype: 'float32' }),
      secondMoment: device.allocate({ shape: group.shape, dtype: 'float32' }),
    });
    const shared = new Map<string, Pick<UpdatedGroup, 'program' | 'spare'>>();
    const updated: UpdatedGroup[] = [];
    for (const group of groups) {
      const key = JSON.stringify([group.decays, group.members.map(({ shape }) => shape)]);
      const known = shared.get(key) ?? {
        program: await engine.compile(updateGraph(group)),
        spare: { tensors: allocateGroup(group) },
      };
      shared.set(key, known);
      updated.push({ ...group, ...known, tensors: allocateGroup(group) });
    }
    const allocateGradients = (): Gradients =>
      new Map(
        groups.flatMap((group) => {
          const members = allocateMembers(group);
          return group.members.map(({ name }, index) => [name, members[index]!] as const);
        }),
      );
    const norm = await engine.compile(squaredNormGraph(groups));
    return new GroupedParameters(model, updated, norm, allocateGradients, allocateGradients());
  }

  parameters(): NamedTensors {
    return new Map(
      this.groups.flatMap(({ members, tensors }) =>
        members.map(({ name }, index) => [name, tensors.parameters[index]!.tensor] as const),
      ),
    );
  }

  gradients(): NamedTensors {
    return named(this.current);
  }

  accumulateGradients(): NamedTensors {
    const next = this.accumulated ?? this.allocateGradients();
    [this.accumulated, this.current] = [this.current, next];
    return named(this.accumulated);
  }

  async squaredNorm(): Promise<number> {
    const sum = new Float32Array(1);
    const feeds = Object.fromEntries([...this.current].map(([name, { part }]) => [name, part]));
    await this.norm.run(feeds, { sum });
    return sum[0]!;
  }

  async update(scalars: DeviceScalars): Promise<void> {
    for (const group of this.groups) {
      const { members, program, tensors, spare } = group;
      const feeds: Record<string, Value> = Object.fromEntries(
        adamWScalarNames([group]).map((name) => [name, scalars[name]]),
      );
      const results: Record<string, Value> = {};
      for (const [index, { name }] of members.entries()) {
        feeds[adamWInput('gradient', index)] = this.current.get(name)!.part;
        feeds[adamWInput('parameter', index)] = tensors.parameters[index]!.part;
        results[adamWOutput('parameter', index)] = spare.tensors.parameters[index]!.part;
      }
      for (const kind of ['firstMoment', 'secondMoment'] as const) {
        feeds[adamWInput(kind, 0)] = tensors[kind];
        results[adamWOutput(kind, 0)] = spare.tensors[kind];
      }
      await program.run(feeds, results);
      [group.tensors, spare.tensors] = [spare.tensors, tensors];
    }
  }

  mirrored(kinds: readonly UpdatedKind[]): MirroredArray[] {
    return this.groups.flatMap(({ members, start, end, tensors }) =>
      kinds.flatMap((kind): MirroredArray[] => {
        const store = this.model[storeOf[kind]];
        if (kind !== 'parameter') return [[store.flat.subarray(start, end), tensors[kind]]];
        return members.map(({ name }, index) => [store.views.get(name)!, tensors.parameters[index]!.tensor]);
      }),
    );
  }

  async dispose(): Promise<void> {
    await this.norm.dispose();
    for (const program of new Set(this.groups.map((group) => group.program))) await program.dispose();
    const spares = new Set(this.groups.map(({ spare }) => spare));
    const tensors = [...this.groups, ...spares].map((group) => group.tensors);
    const gradients = [this.current, this.accumulated ?? new Map<string, Member>()];
    const members = [
      ...tensors.flatMap(({ parameters }) => parameters),
      ...gradients.flatMap((map) => [...map.values()]),
    ];
    for (const { tensor, part } of members) {
      if (part !== tensor) part.dispose();
      tensor.dispose();
    }
    for (const { firstMoment, secondMoment } of tensors) {
      firstMoment.dispose();
      secondMoment.dispose();
    }
  }
}

function named(members: Gradients): NamedTensors {
  return new Map([...members].map(([name, { tensor }]) => [name, tensor]));
}

const sizeOf = ({ shape }: ParameterSpecification): number => elementCount(shape);
const total = (parameters: readonly ParameterSpecification[]): number =>
  parameters.reduce((sum, parameter) => sum + sizeOf(parameter), 0);

/** The block that a parameter is of, or else itself. */
const unitOf = ({ name }: ParameterSpecification): string => /^h\.\d+\./.exec(name)?.[0] ?? name;

/** Puts neighbouring lists together as long as they decay alike and have no more elements than `maximum`. */
function merged(
  lists: readonly (readonly ParameterSpecification[])[],
  mayMerge: (earlier: readonly ParameterSpecification[], next: readonly ParameterSpecification[]) => boolean,
): (readonly ParameterSpecification[])[] {
  const found: (readonly ParameterSpecification[])[] = [];
  for (const list of lists) {
    const last = found.at(-1);
    if (last && last[0]!.decays === list[0]!.decays && mayMerge(last, list))
      found[found.length - 1] = [...last, ...list];
    else found.push(list);
  }
  return found;
}

/**
 * First the parameters of each block, then whole blocks, so that most groups have the same shapes and share a double
 * buffer.
 * @param maximum most elements of a group; a parameter with more is a group of its own, in its own shape.
 */
function groupsOf({ parameters }: TrainedParameters, maximum: number): Group[] {
  const { specifications, views } = parameters;
  const byName = new Map(specifications.map((specification) => [specification.name, specification]));
  const single = [...views.keys()].map((name) => [byName.get(name)!]);
  const fits = (...lists: (readonly ParameterSpecification[])[]): boolean => total(lists.flat()) <= maximum;
  const units = merged(single, (a, b) => unitOf(a[0]!) === unitOf(b[0]!) && fits(a, b));
  const lists = merged(units, fits);
  let start = 0;
  return lists.map((members) => {
    const sizes = members.map(sizeOf);
    const end = sizes.reduce((sum, size) => sum + size, start);
    const range = { members, start, end, decays: members[0]!.decays };
    start = end;
    const own = members[0]!.shape;
    if (members.length === 1 && own.length > 1) return { ...range, shape: own, parts: [own] };
    const row = commonRow(sizes);
    const parts = sizes.map((size): Shape => [size / row, row]);
    return { ...range, shape: [(end - range.start) / row, row], parts };
  });
}

const joined = (tensors: readonly Tensor[]): Tensor =>
  tensors.length === 1 ? tensors[0]! : concat(tensors, 0);

/** AdamW of the joined members. Inputs and outputs as in `adamWGraph`, moments joined, with the index 0. */
function updateGraph({ parts, shape, decays }: Group): Record<string, Tensor> {
  const join = (kind: UpdatedKind | 'gradient'): Tensor =>
    joined(parts.map((part, index) => input(adamWInput(kind, index), part)));
  const moment = (kind: UpdatedKind): Tensor => input(adamWInput(kind, 0), shape);
  const updated = updateParameter(
    {
      parameter: join('parameter'),
      gradient: join('gradient'),
      firstMoment: moment('firstMoment'),
      secondMoment: moment('secondMoment'),
    },
    adamWFactors([{ decays }]),
    decays,
  );
  const rows = parts.map(([count]) => count!);
  const parameters = parts.length === 1 ? [updated.parameter] : split(updated.parameter, 0, rows);
  return {
    ...Object.fromEntries(parameters.map((part, index) => [adamWOutput('parameter', index), part])),
    [adamWOutput('firstMoment', 0)]: updated.firstMoment,
    [adamWOutput('secondMoment', 0)]: updated.secondMoment,
  };
}

/** Output `sum`: Σ g² over all gradients, inputs by parameter name. Sums rows first, which a card does in parallel. */
function squaredNormGraph(groups: readonly Group[]): Record<string, Tensor> {
  const rows = groups.map(({ members, parts }) => {
    const gradient = joined(parts.map((part, index) => input(members[index]!.name, part)));
    return reduceSum(multiply(gradient, gradient), [1]);
  });
  return { sum: reduceSum(joined(rows)) };
}
