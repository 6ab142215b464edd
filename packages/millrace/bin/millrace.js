#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const commandLine = new URL('../dist/cli/index.js', import.meta.url);

if (existsSync(commandLine)) {
  const { run } = await import(commandLine.href);
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(`error: nothing is built at ${fileURLToPath(commandLine)}`);
  console.error('hint:  run `npm run setup` in the clone first');
  process.exitCode = 1;
}
