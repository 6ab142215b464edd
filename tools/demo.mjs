// `npm run demo`: sets up what is missing, then tools/demo/demo.ts.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Failure, runMain } from './failure.mjs';
import { compileZookeeper, setUp } from './setup.mjs';
import { root } from './workspace.mjs';

await runMain(async () => {
  await setUp();
  // Without its client the demo does with one broker, and says so.
  await compileZookeeper().catch((error) => {
    if (!(error instanceof Failure)) throw error;
  });
  const tsx = join(root, 'node_modules/tsx/dist/loader.mjs');
  const args = ['--import', tsx, '--conditions=@millrace/source', join(root, 'tools/demo/demo.ts')];
  const demo = spawn(process.execPath, args, { stdio: 'inherit' });
  // The terminal tells both; the demo ends by itself, after its children.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => demo.kill('SIGTERM'));
  return new Promise((resolve) => demo.once('exit', (code) => resolve(code ?? 1)));
});
