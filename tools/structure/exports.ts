import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { API, type Project } from 'typescript/unstable/sync';
import { importsOf } from './imports.js';

/** A name that a file exports, and the files that use it. Paths are relative to the repository. */
export interface Export {
  readonly file: string;
  readonly name: string;
  /** Files that import `file` and refer to the name: of src, test, bench and tools, as these configurations include them. */
  readonly users: readonly string[];
}

/** The doors of the library, on Node and in browsers: what stands there is used by other people's code. */
const doors: readonly string[] = ['src/index.ts', 'src/browser.ts'];

/** What is compiled by itself: the program, and the code of pages where there is any. */
const configurations = ['tsconfig.json', 'tsconfig.client.json', 'tsconfig.worker.json'];

/** Tells whether a file imports another; each is read once. */
function importReader(base: string): (importer: string, file: string) => boolean {
  const targets = new Map<string, ReadonlySet<string>>();
  return (importer, file) => {
    let known = targets.get(importer);
    if (!known) {
      const source = readFileSync(join(base, importer), 'utf8');
      known = new Set(importsOf(base, importer, source).map(({ target }) => target));
      targets.set(importer, known);
    }
    return known.has(file);
  };
}

/** Each exported name of src, with the files in which one project refers to it. */
function* referencesIn({ program, checker }: Project, base: string): Generator<Export> {
  for (const path of program.getSourceFileNames()) {
    const file = path.startsWith(base) ? path.slice(base.length) : '';
    if (!file.startsWith('src/') || doors.includes(file) || file.endsWith('.d.ts')) continue;
    const source = program.getSourceFile(path);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) continue;
    for (const { name, declarations } of checker.getExportsOfModule(module)) {
      const declaration = declarations[0]?.resolve();
      if (!declaration) throw new Error(`${file}: the declaration of ${name} cannot be found`);
      const identifier = 'name' in declaration ? (declaration.name as typeof declaration) : declaration;
      const users = checker
        .getReferencedSymbolsForNode(identifier, identifier.end - 1)
        .flatMap(({ references }) => references.map(({ path }) => path))
        .filter((path) => path.startsWith(base) && !path.includes('/node_modules/'))
        .map((path) => path.slice(base.length));
      yield { file, name, users };
    }
  }
}

/**
 * All names that files of src export, but for those of the library's doors, with their users, as the compiler's own search
 * for references finds them. A re-export is a use.
 * @param root A checkout with tsconfig.json.
 * @throws Error where tsconfig.json cannot be opened.
 */
export function readExports(root: string): Export[] {
  // Where the compiler, too, says the files are, if those of the checkout are links.
  const base = `${dirname(realpathSync(join(root, 'src')))}/`;
  const paths = configurations.map((name) => join(base, name)).filter((path) => existsSync(path));
  if (paths.length === 0) throw new Error(`${base}tsconfig.json is missing`);
  const imports = importReader(base);
  const api = new API({ cwd: base });
  try {
    const exports = new Map<string, { file: string; name: string; users: Set<string> }>();
    for (const project of api.updateSnapshot({ openProjects: paths }).getProjects()) {
      for (const { file, name, users } of referencesIn(project, base)) {
        const key = `${file} ${name}`;
        const known = exports.get(key) ?? { file, name, users: new Set<string>() };
        // The search also finds properties of the same name, in files that do not know this one.
        for (const user of users) if (user !== file && imports(user, file)) known.users.add(user);
        exports.set(key, known);
      }
    }
    return [...exports.values()]
      .map(({ file, name, users }) => ({ file, name, users: [...users].sort() }))
      .sort((one, other) => (one.file < other.file ? -1 : Number(one.file > other.file)));
  } finally {
    api.close();
  }
}
