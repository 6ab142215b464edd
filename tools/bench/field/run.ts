// `npm run bench`: Millrace beside the field, every peer that is here or can be installed, in alternating rounds on this
// machine; then what a record costs while something grows. `ROUNDS`, `SECONDS` and names of peers as arguments (`growth`
// for the curves alone) change what is run; `--write` writes docs/benchmarks/field.md and growth.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { growthCurves } from '../growth.ts';
import { drawGrowth, growthPage, growthTable } from '../growth-page.ts';
import { installClients } from './clients.ts';
import { drawBars } from './draw.ts';
import { limitsOfMachine } from './limits.ts';
import { type Measured, measure } from './measure.ts';
import { fieldPage, machine, type Row, rowOf, tableOf } from './page.ts';
import type { Client, Peer } from './peer.ts';
import { nameOf, peers } from './peers.ts';

const rounds = Number(process.env['ROUNDS'] ?? 3);
const seconds = Number(process.env['SECONDS'] ?? 4);
const offered = [1_000, 10_000, 50_000];
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const documents = fileURLToPath(new URL('../../../docs/benchmarks/', import.meta.url));

installClients();
const here: { peer: Peer; client: Client; rounds: Measured[]; failure?: unknown }[] = [];
const absent: string[] = [];
for (const peer of peers) {
  if (wanted.length > 0 && !wanted.some((name) => peer.name.toLowerCase().includes(name.toLowerCase())))
    continue;
  const missing = await peer.missing();
  if (missing === undefined) for (const client of peer.clients) here.push({ peer, client, rounds: [] });
  else absent.push(`${peer.name}: ${missing}`);
}

for (let round = 1; round <= rounds; round += 1)
  for (const one of here) {
    if (one.failure !== undefined) continue;
    console.error(`bench: round ${round} of ${rounds}: ${nameOf(one.peer, one.client)}`);
    try {
      one.rounds.push(await measure(one.peer, one.client, { seconds, offered }));
    } catch (error) {
      one.failure = error;
      console.error(error);
      absent.push(`${nameOf(one.peer, one.client)}: it failed, as said above`);
    }
  }

if (here.some(({ peer }) => peer.name === 'Apache Kafka'))
  absent.push('node-rdkafka as a client of Apache Kafka: it would have to be compiled');

const measured = here.filter(({ failure }) => failure === undefined);
const rows: Row[] = measured.map(({ peer, client, rounds: all }) => rowOf(peer, client, all));
const isWanted = (part: string): boolean => wanted.length === 0 || wanted.includes(part);
const limits = rows.length === 0 ? undefined : await limitsOfMachine();
if (limits === undefined) for (const line of absent) console.log(`not measured: ${line}`);
else console.log(tableOf(rows, { rounds, seconds, absent, limits }));
if (limits !== undefined && process.argv.includes('--write')) {
  writeFileSync(join(documents, 'field.md'), fieldPage(rows, { rounds, seconds, absent, limits }));
  for (const figure of ['producer', 'consumer'] as const)
    writeFileSync(join(documents, `field-${figure}.svg`), drawBars(figure, rows));
  console.log('written to docs/benchmarks/field.md');
}
if (isWanted('growth')) {
  console.error('bench: what a record costs while something grows');
  const curves = await growthCurves({ rounds, seconds });
  console.log(`\n${growthTable(curves)}`);
  if (process.argv.includes('--write')) {
    writeFileSync(join(documents, 'growth.md'), growthPage(curves, machine(), { rounds, seconds }));
    writeFileSync(join(documents, 'growth.svg'), drawGrowth(curves));
    console.log('written to docs/benchmarks/growth.md');
  }
}
