import { writeFileSync } from 'node:fs';
import { maxTopics, metrics } from '../packages/millrace/src/metrics/definitions.ts';

/** Where the page lies, below the clone. */
export const metricsPagePath = 'docs/metrics.md';

/** `docs/metrics.md`: every metric, from what the program itself uses. */
export function metricsPage(): string {
  const rows = Object.entries(metrics).map(
    ([name, { kind, help, labels }]) =>
      `| \`${name}\` | ${kind} | ${labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
  );
  return `# Metrics

\`millrace start --metrics 127.0.0.1:9464\` serves them for Prometheus at \`/metrics\`, the same as JSON at \`/metrics.json\`, and \`ok\` at \`/healthz\`. \`millrace top\` shows what matters of it. Without the option nothing is counted, and prom-client is not loaded.

| metric | kind | labels | what it says |
|---|---|---|---|
${rows.join('\n')}

Beyond ${maxTopics} topics the others are counted as the topic \`other\`. Beside these stand prom-client's own of the process: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, \`process_open_fds\`,
\`nodejs_eventloop_lag_seconds\` and its percentiles, \`nodejs_gc_duration_seconds\`, \`nodejs_heap_size_used_bytes\` and others.

What a program in the same process asks comes through no listener, and is not counted.

## In a program

\`node:diagnostics_channel\` tells of each question that came through a listener, its answer and how long it took, on the channel \`millrace:request\` (and of each as it comes on \`millrace:request:start\`); it costs next to nothing while nobody listens:

\`\`\`js
import { subscribe } from 'node:diagnostics_channel';

subscribe('millrace:request', ({ api, listener, ms, error }) => {
  if (ms > 1_000 && api !== 'fetch') console.warn(\`\${api} over \${listener} took \${ms} ms\`, error ?? '');
});
\`\`\`

The metrics above, beside those that the program has of its own, in its register of prom-client:

\`\`\`js
import { prometheusMetrics, startBroker } from 'millrace';
import { register } from 'prom-client';

const broker = await startBroker({ listeners: [{ port: 9292 }] });
const metrics = await prometheusMetrics(broker, { register });
// For whoever scrapes the program: what changes by itself is looked at for this.
const text = await metrics.text();
// Before the broker stops: takes out of the register what it had put there.
await metrics.close();
\`\`\`

A broker writes what it has to say to the \`logger\` of the world it is given: an object with \`debug\`, \`info\`, \`warn\` and \`error\`, each taking an object and a message. A pino is one: \`startBroker(config, { ...nodeWorld, logger: pino() })\`
(\`nodeWorld\` of \`@millrace/runtime/node\`). On the command line \`--log-format json\` has pino write it.

This page is made by \`npx tsx --conditions=@millrace/source tools/metrics-page.ts\`.
`;
}

if (process.argv[1]?.endsWith('metrics-page.ts') === true) writeFileSync(metricsPagePath, metricsPage());
