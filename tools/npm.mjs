import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { root, stateDirectory } from './workspace.mjs';

/** Runs npm in the clone, its output in a log; a failure says why, as far as the log tells, and shows its end. */
export async function npm(args, logName) {
  mkdirSync(stateDirectory, { recursive: true });
  const log = join(stateDirectory, logName);
  const output = openSync(log, 'w');
  try {
    const [command, ...before] = npmCommand();
    const child = spawn(command, [...before, ...args], {
      cwd: root,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...headersForCompiling() },
    });
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exitCode) => resolve(exitCode ?? 1));
    });
    if (code !== 0) throw explained(`npm ${args.join(' ')}`, log);
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Failure('npm is not on the PATH', { hint: 'install npm 10 or newer' });
    throw error;
  } finally {
    closeSync(output);
  }
}

/** The npm that runs us, or the one on the PATH. */
function npmCommand() {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') && existsSync(path) ? [process.execPath, path] : ['npm'];
}

/** node-gyp would fetch Node's headers from elsewhere when nobody says that they lie beside this Node. */
function headersForCompiling() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node.h'))
    ? { npm_package_config_node_gyp_nodedir: prefix }
    : {};
}

const hints = [
  [/ENOSPC/, 'the disk is full: free some space, then run it again'],
  [/EACCES|EROFS|EPERM/, 'a file or folder of the clone is not writable for this user'],
  [
    /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ERR_SOCKET_TIMEOUT/,
    'no package registry is reached: check the network, or `npm config get registry`',
  ],
  [/EUSAGE|in sync/, 'package.json and package-lock.json disagree: run `npm install` and commit both'],
  [
    /node-gyp|gyp ERR|not found: make/,
    'compiling needs make, a C++ compiler, Python 3 and the headers of this Node',
  ],
];

function explained(command, log) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const hint = hints.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1];
  return new Failure(`\`${command}\` failed; its end (the whole log: ${log}):`, {
    tail: lines.slice(-15),
    hint: hint ?? 'read the log; when it is of no help, remove node_modules and run it again',
  });
}
