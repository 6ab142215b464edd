import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../../..');
const manifests = join(here, 'clients');
/** Beside the workspace's packages, not among them: only the benchmark needs these. */
const folder = join(root, '.millrace/field');

/** Installs the peers' clients, exactly those that the lockfile names, unless they are there. */
export function installClients(): void {
  mkdirSync(folder, { recursive: true });
  const lock = readFileSync(join(manifests, 'package-lock.json'), 'utf8');
  const installed = join(folder, 'package-lock.json');
  const isThere = existsSync(join(folder, 'node_modules')) && readFileSync(installed, 'utf8') === lock;
  if (isThere) return;
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(manifests, file), join(folder, file));
  console.error('bench: installing the clients of the peers');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: folder,
    stdio: 'inherit',
  });
}

/** A client's package; its types are not there, so each peer says what it uses. */
export function client<Module>(name: string): Module {
  return createRequire(join(folder, 'package.json'))(name) as Module;
}

/** `amqplib 2.3.1`. */
export function clientVersion(name: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
  return `${name} ${manifest.version}`;
}
