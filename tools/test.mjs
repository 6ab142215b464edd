// `npm test`: sets up what is missing, then proves everything that a contributor would want proved. With arguments
// (`npm test -- packages/log`) it hands them to jest and runs only that. The last line is `N passed, N failed`.
// With `--require-zookeeper` it is a failure when what needs a ZooKeeper cannot run.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, runMain } from './failure.mjs';
import { findKcat } from './kcat.mjs';
import { installOtherNodes } from './other-nodes.mjs';
import { compileZookeeper, markBundled, setUp } from './setup.mjs';
import { root, stateDirectory } from './workspace.mjs';
import { findZookeeper } from './zookeeper.mjs';

const checks = [
  { name: 'formatting and lint (biome)', command: ['biome', 'check', '.'] },
  { name: 'lint with types (oxlint)', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types (tsc)', command: ['tsc', '-p', '.'] },
  { name: 'nothing unused (knip)', command: ['knip'] },
  {
    name: 'build of every package (nx, tsup, tsc)',
    command: ['nx', 'run-many', '-t', 'build'],
    whenDone: markBundled,
  },
  { name: 'packages as published (publint, attw)', command: ['node', 'tools/check-packages.mjs'] },
];

const requireZookeeper = '--require-zookeeper';

await runMain(async () => {
  await setUp({ bundle: false });
  const jestArguments = process.argv.slice(2).filter((argument) => argument !== requireZookeeper);
  const notRun = await prepareZookeeper(jestArguments);
  const total = { passed: 0, failed: process.argv.includes(requireZookeeper) ? notRun.length : 0 };
  notRun.unshift(...(await prepareKcat(jestArguments)));
  if (jestArguments.length === 0) notRun.unshift(...(await prepareOtherNodes()));
  if (jestArguments.length === 0) for (const check of checks) count(total, await carryOut(check));
  count(total, await runJest(jestArguments));
  for (const line of notRun) console.log(line);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
});

/** Compiles the client and finds a server, or says which tests are not run and what would change that. */
async function prepareZookeeper(jestArguments) {
  const mayInstall =
    jestArguments.length === 0 || jestArguments.some((argument) => /integration|zookeeper/.test(argument));
  try {
    await compileZookeeper();
    process.env.MILLRACE_ZOOKEEPER_CLASSPATH = await findZookeeper({ mayInstall });
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.env.MILLRACE_WITHOUT_ZOOKEEPER = '1';
    const why = `${error.message}; \`${error.hint}\``;
    return mayInstall ? [`not run: what needs a real ZooKeeper: ${why}`] : [];
  }
}

/** Finds kcat, or says which tests are not run and what would change that. */
async function prepareKcat(jestArguments) {
  const mayInstall =
    jestArguments.length === 0 || jestArguments.some((argument) => /integration|kafka|kcat/.test(argument));
  try {
    await findKcat({ mayInstall });
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.env.MILLRACE_WITHOUT_KCAT = '1';
    return mayInstall ? [`not run: what needs kcat: ${error.message}; \`${error.hint}\``] : [];
  }
}

/** Tests of what is published run on each version of Node that npm can install here. */
async function prepareOtherNodes() {
  const { found, missing } = await installOtherNodes();
  process.env.MILLRACE_OTHER_NODES = JSON.stringify(found);
  return Object.entries(missing).map(
    ([name, why]) => `not run: the packed tarballs on ${name}, which npm could not install here (${why})`,
  );
}

function count(total, { passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}

async function carryOut({ name, command, whenDone }) {
  const started = performance.now();
  const { code, output } = await run(command, 'pipe');
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) {
    whenDone?.();
    console.log(`✓ ${name} ${seconds} s`);
    return { passed: 1, failed: 0 };
  }
  console.log(`${output.trimEnd()}\n✗ ${name} ${seconds} s: \`${command.join(' ')}\` exited with ${code}`);
  return { passed: 0, failed: 1 };
}

/** A jest that dies without a report counts as one failure, whatever it ran. */
async function runJest(extra) {
  const report = join(stateDirectory, 'jest.json');
  mkdirSync(stateDirectory, { recursive: true });
  rmSync(report, { force: true });
  const { code } = await run(['jest', '--json', `--outputFile=${report}`, ...extra], 'inherit');
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function run([program, ...args], output) {
  return new Promise((resolve, reject) => {
    const path = program === 'node' ? process.execPath : join(root, 'node_modules/.bin', program);
    const child = spawn(path, args, {
      cwd: root,
      // jest prints its JSON on stdout when asked for a file, too; people read its stderr.
      stdio: output === 'pipe' ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NX_TUI: 'false', NX_DAEMON: 'false' },
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
