import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { importsOf, sourceFiles } from './imports.js';

/** A name that a file exports, and the files that use it. Paths are relative to the repository. */
export interface Export {
  readonly file: string;
  readonly name: string;
  /** Files that import `file` and refer to the name: of src, test, bench and tools, as tsconfig.json and tsconfig.client.json include them. */
  readonly users: readonly string[];
}

/** The door of the library: what stands there is used by other people's code. */
const door = 'src/index.ts';

/** What is compiled by itself: the program, and the code of pages. */
const projectFiles = ['tsconfig.json', 'tsconfig.client.json'];

/**
 * All names that files of src export, but for those of src/index.ts, with their users, as the compiler's own search
 * for references finds them. A re-export is a use.
 * @param root A checkout with tsconfig.json.
 * @throws Error where tsconfig.json cannot be opened.
 */
export function readExports(root: string): Export[] {
  const base = `${realpathSync(root)}/`;
  const found = new Map<string, Export>();
  for (const projectFile of projectFiles) {
    if (projectFile !== projectFiles[0] && !existsSync(join(base, projectFile))) continue;
    for (const each of exportsOf(base, projectFile)) {
      const key = `${each.file} ${each.name}`;
      const users = [...new Set([...(found.get(key)?.users ?? []), ...each.users])].sort();
      found.set(key, { ...each, users });
    }
  }
  return [...found.values()];
}

function exportsOf(base: string, projectFile: string): Export[] {
  const api = new API({ cwd: base });
  try {
    const project = api.updateSnapshot({ openProjects: [join(base, projectFile)] }).getProjects()[0];
    if (!project) throw new Error(`${base}${projectFile} cannot be opened`);
    const { checker, program } = project;
    const importedFiles = new Map<string, ReadonlySet<string>>();
    const imports = (importer: string, file: string): boolean => {
      const known =
        importedFiles.get(importer) ??
        new Set(
          importsOf(base, importer, readFileSync(join(base, importer), 'utf8')).map(({ target }) => target),
        );
      importedFiles.set(importer, known);
      return known.has(file);
    };
    return sourceFiles(base, 'src').flatMap((file) => {
      const source = file === door ? undefined : program.getSourceFile(join(base, file));
      const module = source && checker.getSymbolAtLocation(source);
      if (!module) return [];
      return checker.getExportsOfModule(module).map(({ name, declarations }) => {
        const declaration = declarations[0]?.resolve();
        if (!declaration) throw new Error(`${file}: the declaration of ${name} cannot be found`);
        const identifier = 'name' in declaration ? (declaration.name as typeof declaration) : declaration;
        const places = checker
          .getReferencedSymbolsForNode(identifier, identifier.end - 1)
          .flatMap(({ references }) => references.map(({ path }) => path.slice(base.length)));
        // The search also finds properties of the same name, in files that do not know this one.
        const users = [...new Set(places)].filter((user) => user !== file && imports(user, file));
        return { file, name, users: users.sort() };
      });
    });
  } finally {
    api.close();
  }
}
