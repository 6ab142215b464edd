// `npm run sizes`: what each package weighs: its tarball, what it depends on, what importing it costs. Needs a build.
// With `--write` the figures go into the READMEs, between `<!-- size -->` and `<!-- /size -->`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packPackages } from './pack.mjs';
import { packageDirectories, root } from './workspace.mjs';

const rounds = 9;
const write = process.argv.includes('--write');
const folders = new Map(packageDirectories().map((folder) => [manifestIn(folder).name, folder]));

const directory = mkdtempSync(join(tmpdir(), 'millrace-sizes-'));
try {
  const empty = median(() => runMs('0'));
  console.log('package                     packed  unpacked  ours  others  import');
  for (const { name, tarball, unpackedBytes } of await packPackages(directory)) {
    const { ours, others } = dependenciesOf(name);
    const figures = {
      packed: kB(statSync(tarball).size),
      unpacked: kB(unpackedBytes),
      ours: ours.size,
      others: others.size,
      importMs: Math.max(0, median(() => runMs(`import(${JSON.stringify(name)})`)) - empty).toFixed(0),
    };
    console.log(
      `${name.padEnd(26)} ${figures.packed.padStart(7)} ${figures.unpacked.padStart(9)} ${String(figures.ours).padStart(5)} ${String(figures.others).padStart(7)} ${`${figures.importMs} ms`.padStart(7)}`,
    );
    if (write) writeInto(join(folders.get(name), 'README.md'), figures);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Everything that installing it brings, but for what is optional. */
function dependenciesOf(name, found = { ours: new Set(), others: new Set() }) {
  const folder = folders.get(name) ?? join(root, 'node_modules', name);
  for (const dependency of Object.keys(manifestIn(folder).dependencies ?? {})) {
    const set = folders.has(dependency) ? found.ours : found.others;
    if (set.has(dependency)) continue;
    set.add(dependency);
    dependenciesOf(dependency, found);
  }
  return found;
}

function writeInto(readme, { packed, ours, others, importMs }) {
  const text = readFileSync(readme, 'utf8');
  const parts = `${count(ours, 'package')} of Millrace and ${count(others, 'other')}`;
  const line = `${packed} packed · with ${parts} · imports in ${importMs} ms`;
  const marked = /<!-- size -->.*<!-- \/size -->/s;
  if (!marked.test(text)) throw new Error(`${basename(readme)} of ${readme} has no <!-- size --> mark`);
  writeFileSync(readme, text.replace(marked, `<!-- size -->${line}<!-- /size -->`));
}

/** A process of its own each time, beside which an empty one is measured. */
function runMs(source) {
  const started = performance.now();
  execFileSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: join(root, 'packages/integration-tests'),
  });
  return performance.now() - started;
}

function median(measure) {
  const figures = Array.from({ length: rounds }, measure).sort((a, b) => a - b);
  return figures[Math.floor(rounds / 2)];
}

function manifestIn(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function kB(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
