import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageDirectories, root } from './workspace.mjs';

/** Packs every package as npm would publish it; resolves to the tarballs. Needs `npm run build` first. */
export async function packPackages(into) {
  mkdirSync(into, { recursive: true });
  const workspaces = packageDirectories().map((directory) => `--workspace=${directory}`);
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', `--pack-destination=${into}`, ...workspaces],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  return Object.values(JSON.parse(stdout)).map(({ name, filename, unpackedSize, files }) => ({
    name,
    tarball: join(into, filename),
    unpackedBytes: unpackedSize,
    files: files.map((file) => file.path),
  }));
}
