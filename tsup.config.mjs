import { existsSync } from 'node:fs';
import { join } from 'node:path';

const entries = ['index', 'node/index', 'msgpack/index', 'zookeeper/index', 'testing/index', 'cli/index'];

/**
 * What tsup makes of one package: ESM for Node (also by `require`, through the module-sync condition) and CommonJS for
 * tools that know neither, jest above all. Such tools cannot run `import()` either, so it becomes `require`.
 */
export function packageBuild(directory) {
  const entry = entries.map((name) => `src/${name}.ts`).filter((file) => existsSync(join(directory, file)));
  const shared = {
    entry,
    platform: 'node',
    target: 'node20.19',
    tsconfig: 'tsconfig.build.json',
    sourcemap: true,
    removeNodeProtocol: false,
    silent: true,
    // Loading zod as a package costs 100 ms and more, bundled and shaken under 20.
    noExternal: ['zod'],
  };
  // esbuild remembers where it was loaded; several packages may be built by one process.
  const here = (options) => {
    options.absWorkingDir = directory;
  };
  return [
    { ...shared, format: 'esm', clean: ['dist/**/*.{js,cjs,map}'], esbuildOptions: here },
    {
      ...shared,
      format: 'cjs',
      outExtension: () => ({ js: '.cjs' }),
      esbuildOptions: (options) => {
        here(options);
        options.supported = { ...options.supported, 'dynamic-import': false };
      },
    },
  ];
}
