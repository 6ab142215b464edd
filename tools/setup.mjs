// Sets a clone up: packages installed, JavaScript built. Says nothing and costs next to nothing when all is done.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure, runMain } from './failure.mjs';
import { npm } from './npm.mjs';
import { withSetupLock } from './setup-lock.mjs';
import {
  contentHash,
  fingerprint,
  forget,
  isDone,
  markDone,
  packageDirectories,
  root,
} from './workspace.mjs';

/** Installs (and, if `bundle` is not false, builds) what is missing. Rejects with a `Failure` that a person can act on. */
export async function setUp({ bundle = true } = {}) {
  checkNode();
  checkWritable();
  if (todo(bundle).length === 0) return;
  await withSetupLock(async () => {
    const steps = todo(bundle);
    if (steps.length === 0) return;
    if (steps[0].name === 'install') console.error('millrace: setting up, once, about 30 s');
    for (const step of steps) await carryOut(step);
  });
}

/** Compiles the ZooKeeper client, which only tests and clusters need; a Failure when there is no compiler. */
export async function compileZookeeper() {
  const key = installKey();
  if (isDone('zookeeper', key)) return;
  await withSetupLock(() =>
    carryOut({ name: 'zookeeper', says: 'compiling the ZooKeeper client', key, run: rebuildZookeeper }),
  );
}

/** Whoever built the packages by other means (`npm run build`) says so. */
export function markBundled() {
  markDone('bundle', bundleKey());
}

function todo(bundle) {
  const steps = [];
  const key = installKey();
  if (!isDone('install', key) || !existsSync(join(root, 'node_modules/.package-lock.json')))
    steps.push({ name: 'install', says: 'installing packages', key, run: installPackages });
  if (bundle && !isBundled())
    steps.push({ name: 'bundle', says: 'building', key: bundleKey(), run: buildPackages });
  return steps;
}

function isBundled() {
  return isDone('bundle', bundleKey()) && existsSync(join(root, 'packages/millrace/dist/cli/index.js'));
}

async function carryOut(step) {
  const started = performance.now();
  forget(step.name);
  await step.run();
  markDone(step.name, step.key);
  console.error(`millrace: ${step.says} … ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

const installPackages = () => npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'install.log');
const rebuildZookeeper = () => npm(['rebuild', 'zookeeper'], 'zookeeper.log');

async function buildPackages() {
  // Only now: it needs what the step before has installed.
  const { bundlePackages } = await import('./bundle.mjs');
  await bundlePackages();
}

/** Native parts are bound to Node's ABI, everything else to the lockfile. */
function installKey() {
  return `${contentHash(join(root, 'package-lock.json'))} ${process.platform}-${process.arch}-${process.versions.modules}`;
}

function bundleKey() {
  const sources = packageDirectories().flatMap((directory) => [
    join(directory, 'src'),
    join(directory, 'package.json'),
  ]);
  return fingerprint([...sources, join(root, 'tsup.config.mjs'), join(root, 'tsconfig.base.json')]);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Failure(`Millrace needs Node 20.19 or newer; this is ${process.version}`, {
    hint: 'install a newer Node, for example from your distribution or with nvm',
  });
}

function checkWritable() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new Failure(`${root} is not writable for this user`, {
      hint: 'set-up installs packages there: use a clone of your own',
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runMain(setUp);
