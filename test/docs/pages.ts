import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/io/package-root.js';

/** A command that a page tells its reader to run. */
export interface PageCommand {
  /** `docs/batch.md:4` */
  readonly place: string;
  readonly page: string;
  readonly text: string;
}

const documents = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));
export const pages = ['README.md', ...documents.map((name) => `docs/${name}`)];

export const readPage = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

/** What a page may ask a reader to run; after them comes at least one word. */
const programs = /^(?:npm|npx|node|cd|gcloud|docker|kubectl|systemctl|tensorboard|jupyter|tar|sha256sum) \S/;

/** What stands between fences of a language. */
export function fenced(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, body]) =>
    name === language ? [body ?? ''] : [],
  );
}

/**
 * The commands of a page in order: every line of a block of `sh`, and what else begins with a program, in blocks without
 * a language and in the text.
 */
function commandsOf(page: string): PageCommand[] {
  const text = readPage(page).replace(/\\\n\s*/g, ' ');
  const commands: PageCommand[] = [];
  let language: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const add = (command: string): void => {
      commands.push({ place: `${page}:${index + 1}`, page, text: command.trim() });
    };
    const fence = /^```(\w*)$/.exec(line);
    if (fence) language = language === undefined ? fence[1] : undefined;
    else if (language === undefined) {
      for (const [, code = ''] of line.matchAll(/`([^`]+)`/g)) if (programs.test(code)) add(code);
    } else if (language === 'sh' ? !/^(#|$)/.test(line) : language === '' && programs.test(line)) add(line);
  }
  return commands;
}

/** Every command of every page, in order; what stands in several places counts in the first. */
export const commands: readonly PageCommand[] = pages
  .flatMap(commandsOf)
  .filter(({ text }, index, all) => all.findIndex((other) => other.text === text) === index);
