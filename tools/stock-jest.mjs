// A jest project as jest makes it: no transform of ours, no flags, CommonJS. Each test file starts a broker of its own.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './workspace.mjs';

const jest = join(root, 'node_modules/jest/bin/jest.js');

const testFile = (times, fake) => `
const { appendFileSync } = require('node:fs');
${fake ? 'jest.useFakeTimers();' : ''}
const { performance } = require('node:perf_hooks');
const began = performance.now();
const { startTestBroker } = require('millrace/testing');
const imported = performance.now();
test('a record comes back', async () => {
  const asked = performance.now();
  const broker = await startTestBroker();
  const started = performance.now();
  await broker.producer().send({ topic: 'orders', key: 'a', value: 'first' });
  for await (const record of broker.consumer({ group: 'g', topics: ['orders'] })) {
    expect(String(record.value)).toBe('first');
    break;
  }
  expect(await broker.records('orders')).toHaveLength(1);
  const used = performance.now();
  await broker.close();
  const times = { importMs: imported - began, startMs: started - asked, useMs: used - started, closeMs: performance.now() - used };
  appendFileSync(${JSON.stringify(times)}, JSON.stringify(times) + '\\n');
});`;

/** Runs jest over `files` such tests in \`folder/<name>\`; resolves to what jest said and each file's times, in ms. */
export async function runStockJest(
  folder,
  { name = 'stock', files = 20, fake = false, flags = [], node = process.execPath } = {},
) {
  const project = join(folder, name);
  const times = join(project, 'times.ndjson');
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name, jest: {} }));
  writeFileSync(times, '');
  for (let file = 0; file < files; file += 1)
    writeFileSync(join(project, `broker-${file}.test.js`), testFile(times, fake));
  const { stderr } = await promisify(execFile)(node, [jest, '--rootDir', '.', ...flags], {
    cwd: project,
    timeout: 120_000,
  });
  const lines = readFileSync(times, 'utf8').trim().split('\n');
  return { said: stderr, times: lines.map((line) => JSON.parse(line)) };
}
