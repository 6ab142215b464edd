// Millrace beside the field: every peer that is here or can be installed, in alternating rounds on this machine.
// `ROUNDS`, `SECONDS` and names of peers as arguments change what is run; `--write` writes docs/benchmarks/field.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installClients } from './clients.ts';
import { drawBars } from './draw.ts';
import { limitsOfMachine } from './limits.ts';
import { type Measured, measure } from './measure.ts';
import { fieldPage, type Row, rowOf, tableOf } from './page.ts';
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

const measured = here.filter(({ failure }) => failure === undefined);
const rows: Row[] = measured.map(({ peer, client, rounds: all }) => rowOf(peer, client, all));
const limits = await limitsOfMachine();
console.log(tableOf(rows));
for (const line of absent) console.log(`not measured: ${line}`);
if (process.argv.includes('--write')) {
  writeFileSync(join(documents, 'field.md'), fieldPage(rows, { rounds, seconds, absent, limits }));
  for (const figure of ['producer', 'consumer'] as const)
    writeFileSync(join(documents, `field-${figure}.svg`), drawBars(figure, rows));
  console.log('written to docs/benchmarks/field.md');
}
