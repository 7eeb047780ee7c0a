import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** One import statement of a source file. */
export interface Import {
  /** The importing file, relative to the repository, with forward slashes. */
  readonly file: string;
  /** The imported file, likewise; or the name of an outside package. */
  readonly target: string;
  readonly outside: boolean;
}

const statement =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\)\.resolve\(\s*['"]([^'"]+)['"]\s*\)|\bnew URL\(\s*['"](\.[^'"]+\.js)['"]/g;

/** Takes comments out, so that an import in an example does not count. Strings that hold `//` keep their quotes. */
export function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

/** All files of code in a folder and below, TypeScript and styles, relative to `root`. */
export function sourceFiles(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(root, path);
    return /\.(?:ts|css)$/.test(entry.name) ? [path] : [];
  });
}

/** The package a bare specifier belongs to: `@scope/name/part` → `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The imports of one file, given as text: static, dynamic, and worker entry points. Node's own modules begin with `node:`. */
export function importsOf(root: string, file: string, source: string): Import[] {
  const specifiers = [...withoutComments(source).matchAll(statement)].map(
    (match) => match.slice(1).find(Boolean) ?? '',
  );
  return specifiers.map((specifier) => {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier))
      return { file, target: `node:${specifier.replace(/^node:/, '')}`, outside: true };
    if (!specifier.startsWith('.')) return { file, target: packageOf(specifier), outside: true };
    const path = relative(root, join(root, dirname(file), specifier)).replaceAll('\\', '/');
    return { file, target: path.replace(/\.js$/, '.ts'), outside: false };
  });
}

/** The imports of all files below src. */
export function readImports(root: string): Import[] {
  const files = sourceFiles(root, 'src').filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => importsOf(root, file, readFileSync(join(root, file), 'utf8')));
}
