import { formatBytes, formatCount, pluralize } from '../../common/number-formats.js';
import { fetchModel, listNamedModels } from '../../pipeline/overview/list-models.js';
import { describeModel, type ModelOverview } from '../../pipeline/overview/model-overview.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

/** Prints the models that have names, or fetches one. */
export async function modelsCommand(name: string | undefined, terminal: Terminal): Promise<ExitCode> {
  if (name !== undefined) {
    return interruptible(terminal, stopsAfterStep, async (context) => {
      const description = await fetchModel(name, context);
      terminal.result([`${name} is here: ${description}`], { model: name, description });
      return exitCodes.done;
    });
  }
  const models = await listNamedModels();
  const rows = models.map(({ name: known, parameters, licence, repository, folder }) => [
    known,
    formatCount(parameters),
    formatBytes(4 * parameters),
    licence,
    repository ?? 'ships with titlesmith',
    folder === undefined ? 'not here' : 'here',
  ]);
  const lines = textTable(
    [['name', 'parameters', 'in float32', 'licence', 'from', ''], ...rows],
    ['left', 'right', 'right'],
  );
  const others =
    'Besides these: any GPT-2 or Llama of the hub (owner/name), a folder, a GGUF file; nano and scratch train from nothing.';
  const communities =
    'base writes for communities of Reddit by name, untrained: titlesmith generate base --subreddit NAME; titlesmith communities [WORD] lists them.';
  terminal.result([...lines, '', others, communities], { models });
  return exitCodes.done;
}

/** Prints what is known of one model. */
export async function infoCommand(name: string, terminal: Terminal): Promise<ExitCode> {
  const overview = await describeModel(name);
  terminal.result(linesOf(overview), { ...overview });
  return exitCodes.done;
}

function linesOf({
  model,
  architecture,
  parameters,
  configuration,
  tokenizer,
  ...rest
}: ModelOverview): string[] {
  const { layers, width, heads, contextLength, llama, descendsFrom } = configuration;
  const groups = llama && llama.keyValueHeads !== heads ? ` in ${llama.keyValueHeads} groups` : '';
  const scaling = llama?.rotary.scaling
    ? `, stretched ${llama.rotary.scaling.factor} times (${llama.rotary.scaling.kind})`
    : '';
  const line = (label: string, text: string): string => `  ${label.padEnd(10)}${text}`;
  const { condition, communities } = rest;
  return [
    `${model}: ${architecture}, ${formatCount(parameters)} parameters`,
    line('shape', `${layers} layers, width ${formatCount(width)}, ${heads} heads${groups}`),
    line('context', `${formatCount(contextLength)} tokens${scaling}`),
    line(
      'tokens',
      `${formatCount(tokenizer.tokens)}; a title begins with ${tokenizer.startId} and ends with ${tokenizer.endId}`,
    ),
    ...(descendsFrom === undefined ? [] : [line('from', "titlesmith's base model")]),
    ...(condition === undefined
      ? []
      : [
          line(
            'prompts',
            `${condition.names.join(' and ')}, ${pluralize(condition.subreddits.length, 'subreddit')} by name`,
          ),
        ]),
    ...(communities === undefined
      ? []
      : [
          line(
            'knows',
            `${formatCount(communities)} communities by name (generate ${model} --subreddit NAME); titlesmith communities [WORD] lists them`,
          ),
        ]),
    line('files', `${rest.path}, ${rest.format}`),
    ...rest.files.map(({ name, bytes }) => line('', `${name}, ${formatBytes(bytes)}`)),
  ];
}
