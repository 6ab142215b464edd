import { packageBuild } from '../tsup.config.mjs';
import { packageDirectories } from './workspace.mjs';

/** The JavaScript of every package, in one process: what `npm start` runs. Declarations are `npm run build`'s. */
export async function bundlePackages() {
  const before = process.cwd();
  try {
    for (const directory of packageDirectories()) {
      process.chdir(directory);
      await bundlePackage();
    }
  } finally {
    process.chdir(before);
  }
}

/** Of the package in the working directory. One format after the other: the first empties the folder that both write into. */
export async function bundlePackage() {
  const { build } = await import('tsup');
  for (const options of packageBuild(process.cwd())) await build({ ...options, config: false });
}
