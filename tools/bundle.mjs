import { packageBuild } from '../tsup.config.mjs';
import { packageDirectories } from './workspace.mjs';

/** The JavaScript of every package, in one process: what `npm start` runs. Declarations are `npm run build`'s. */
export async function bundlePackages() {
  const { build } = await import('tsup');
  const before = process.cwd();
  try {
    for (const directory of packageDirectories()) {
      process.chdir(directory);
      for (const options of packageBuild(directory)) await build({ ...options, config: false });
    }
  } finally {
    process.chdir(before);
  }
}
