// `npm start`: sets up what is missing, then runs `millrace start` in this process.
import { runMain } from './failure.mjs';
import { setUp } from './setup.mjs';

await runMain(async () => {
  await setUp();
  const { run } = await import('../packages/millrace/dist/cli/index.js');
  // npm does not pass SIGTERM on, and would leave us behind.
  return run(['start', ...process.argv.slice(2)], {
    stopWhenParentGoes: 'npm_lifecycle_event' in process.env,
  });
});
