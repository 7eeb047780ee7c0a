import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { importsOf } from './imports.js';

/** A name that a file exports, and the files that use it. Paths are relative to the repository. */
export interface Export {
  readonly file: string;
  readonly name: string;
  /** Files that import `file` and refer to the name: of src, test, bench and tools, as tsconfig.json includes them. */
  readonly users: readonly string[];
}

/** The door of the library: what stands there is used by other people's code. */
const door = 'src/index.ts';

/**
 * All names that files of src export, but for those of src/index.ts, with their users, as the compiler's own search
 * for references finds them. A re-export is a use.
 * @param root A checkout with tsconfig.json.
 * @throws Error where tsconfig.json cannot be opened.
 */
export function readExports(root: string): Export[] {
  const base = `${realpathSync(root)}/`;
  const api = new API({ cwd: base });
  try {
    const project = api.updateSnapshot({ openProjects: [join(base, 'tsconfig.json')] }).getProjects()[0];
    if (!project) throw new Error(`${base}tsconfig.json cannot be opened`);
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
    const files = project.rootFiles
      .map((path) => path.slice(base.length))
      .filter((file) => file.startsWith('src/') && file !== door && !file.endsWith('.d.ts'));
    return files.flatMap((file) => {
      const source = program.getSourceFile(join(base, file));
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
