import { basename, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { packageRoot } from '../../src/io/package-root.js';
import type { CachedFiles, SiteFiles } from '../../src/site/site-files.js';

const shared: BuildOptions = {
  bundle: true,
  write: false,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  // As csv-parse's documentation has it: what it needs of Node's is bundled in this build of it.
  alias: { 'csv-parse': 'csv-parse/browser/esm' },
  // ONNX Runtime's own code for its WebAssembly is a file of the site, not a part of the bundle.
  conditions: ['onnxruntime-web-use-extern-wasm'],
};

async function bundle(entry: string, options: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...shared,
    ...options,
    entryPoints: [join(packageRoot, entry)],
  } as BuildOptions & { readonly write: false });
  return outputFiles[0]!.contents;
}

/** The worker's script, in parts: what a first look needs, and what is loaded once a person trains or generates. */
interface WorkerBundle {
  /** The script that the worker begins with. */
  readonly entry: string;
  /** All parts by name. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
  /** The entry, and what it cannot begin without. */
  readonly first: readonly string[];
}

async function bundleWorker(files: SiteFiles): Promise<WorkerBundle> {
  const { outputFiles, metafile } = await build({
    ...shared,
    write: false,
    entryPoints: [join(packageRoot, 'src/site/worker/worker.ts')],
    format: 'esm',
    tsconfig: workerConfiguration,
    define: { SITE_FILES: JSON.stringify(files) },
    splitting: true,
    metafile: true,
    absWorkingDir: packageRoot,
    outdir: workerFolder,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
  });
  const { outputs } = metafile;
  const entry = Object.keys(outputs).find(
    (path) => outputs[path]!.entryPoint === 'src/site/worker/worker.ts',
  )!;
  const first = new Set([entry]);
  for (const path of first)
    for (const { path: imported, kind } of outputs[path]!.imports)
      if (kind === 'import-statement') first.add(imported);
  const parts = outputFiles.map(({ path, contents }) => [basename(path), contents] as const);
  return { entry: basename(entry), parts: new Map(parts), first: [...first].map((path) => basename(path)) };
}

/** Nothing is written there: esbuild names parts by a folder. */
const workerFolder = 'dist/site';

const pageConfiguration = join(packageRoot, 'tsconfig.client.json');
const workerConfiguration = join(packageRoot, 'tsconfig.worker.json');

/** Style sheets and scripts, bundled and minified. */
export const siteBundles = {
  reportStyles: (): Promise<Uint8Array> =>
    bundle('src/report/client/report.css', { tsconfig: pageConfiguration }),
  reportScript: (): Promise<Uint8Array> =>
    bundle('src/report/client/report.ts', { format: 'iife', tsconfig: pageConfiguration }),
  styles: (): Promise<Uint8Array> => bundle('src/site/client/site.css', { tsconfig: pageConfiguration }),
  /** @param worker path of the worker's script, from the page. */
  page: (worker: string): Promise<Uint8Array> =>
    bundle('src/site/client/site.ts', {
      format: 'esm',
      tsconfig: pageConfiguration,
      define: { WORKER_PATH: JSON.stringify(worker) },
    }),
  worker: (files: SiteFiles): Promise<WorkerBundle> => bundleWorker(files),
  serviceWorker: (cached: CachedFiles): Promise<Uint8Array> =>
    bundle('src/site/worker/service-worker.ts', {
      format: 'iife',
      tsconfig: workerConfiguration,
      define: { CACHED_FILES: JSON.stringify(cached) },
    }),
};
