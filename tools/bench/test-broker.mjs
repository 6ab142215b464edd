// `npm run bench:test-broker`: what a test broker costs in a stock jest project, from the packed tarballs. Needs a build.
import { runStockJest } from '../stock-jest.mjs';
import { createTarballProject } from '../tarball-project.mjs';

const files = Number(process.env.FILES ?? 20);
const project = await createTarballProject();
try {
  await runStockJest(project.folder, { files: 1, name: 'warm-up' });
  const { times } = await runStockJest(project.folder, { files, flags: ['--maxWorkers=1'] });
  const median = (name) => times.map((one) => one[name]).sort((a, b) => a - b)[Math.floor(times.length / 2)];
  console.log(`Node ${process.version}, stock jest, ${files} test files, a broker each; medians, ms`);
  for (const [name, what] of [
    ['importMs', "require('millrace/testing')"],
    ['startMs', 'startTestBroker()'],
    ['useMs', 'a record sent, read by a group, and read back'],
    ['closeMs', 'broker.close()'],
  ])
    console.log(`  ${what.padEnd(48)} ${median(name).toFixed(1).padStart(6)}`);
} finally {
  project.remove();
}
