// `npm run bench:own`: the figures of the issue that began Millrace, each beside what it aims at. Needs a build (`npm run setup`).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { tcpConnector } from '@millrace/transport';
import { type BrokerProcess, peakResidentBytes, startBrokerProcess } from './broker-process.ts';
import { makeLogLines, pipe } from './pipe.ts';
import { rawProduce } from './raw-produce.ts';
import { alternate, human, median } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 3);
const pipedBytes = Number(process.env['PIPED_BYTES'] ?? 1e9);
const only = process.argv[2];

function line(what: string, figure: string, aim: string): void {
  console.log(`${what.padEnd(58)} ${figure.padStart(12)}   aim ${aim}`);
}

async function createTopic(broker: BrokerProcess, name: string): Promise<void> {
  const connection = await tcpConnector({ codec: msgpackCodec() })({ nodeId: undefined, ...broker });
  const created = await connection.call('createTopics', {
    timeoutMs: 5_000,
    topics: [{ name, partitions: 1 }],
  });
  if (created.topics[0]?.error !== 'NONE') throw new Error(created.topics[0]?.message);
  await connection.close();
}

async function produceFigures(): Promise<void> {
  const broker = await startBrokerProcess();
  await createTopic(broker, 'bench');
  const load = (recordsPerBatch: number, inFlight: number, acks: 'leader' | 'all') => () =>
    rawProduce(broker, 'bench', { recordsPerBatch, inFlight, acks, seconds });
  await rawProduce(broker, 'bench', { recordsPerBatch: 50, inFlight: 32, acks: 'leader', seconds: 2 });
  const figures = await alternate(rounds, {
    batched: load(50, 32, 'leader'),
    unbatched: load(1, 64, 'leader'),
    batchedAll: load(50, 32, 'all'),
    unbatchedAll: load(1, 64, 'all'),
  });
  await broker.stop();
  line('produce, batches of 50, acks leader, records/s', human(figures['batched'] ?? 0), '2 M');
  line('produce, unbatched, 64 in flight, acks leader, records/s', human(figures['unbatched'] ?? 0), '200 k');
  line('produce, batches of 50, acks all, records/s', human(figures['batchedAll'] ?? 0), '0.8 M');
  line('produce, unbatched, 64 in flight, acks all, records/s', human(figures['unbatchedAll'] ?? 0), '35 k');
}

async function startFigures(): Promise<void> {
  const ready: number[] = [];
  const resident: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const broker = await startBrokerProcess();
    ready.push(broker.readyMs);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    resident.push(broker.residentBytes());
    await broker.stop();
  }
  line('broker ready after process start, ms', median(ready).toFixed(0), '< 300');
  line('broker resident when idle, MB', (median(resident) / 1e6).toFixed(0), '< 80');
}

async function pipeFigures(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-pipe-'));
  const [input, output] = [join(directory, 'in.log'), join(directory, 'out.log')];
  const broker = await startBrokerProcess();
  try {
    await makeLogLines(input, pipedBytes);
    const produced = await pipe(['produce', 'lines', '--broker', broker.address], input, '/dev/null');
    const consumed = await pipe(
      ['consume', 'lines', '--from', 'earliest', '--to-end', '--broker', broker.address],
      undefined,
      output,
    );
    execFileSync('cmp', [input, output]);
    line(`pipe ${human(pipedBytes)}B through produce, MB/s`, (produced.bytesPerSecond / 1e6).toFixed(0), '-');
    line('  produce, peak resident, MB', (produced.peakResidentBytes / 1e6).toFixed(0), '< 200');
    line(
      'pipe it back through consume (compared: equal), MB/s',
      (consumed.bytesPerSecond / 1e6).toFixed(0),
      '-',
    );
    line('  consume, peak resident, MB', (consumed.peakResidentBytes / 1e6).toFixed(0), '< 200');
    line('  broker, peak resident, MB', (peakResidentBytes(broker.pid) / 1e6).toFixed(0), '< 200');
  } finally {
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${rounds} alternating rounds\n`,
);
const figures = { produce: produceFigures, start: startFigures, pipe: pipeFigures };
for (const [name, measure] of Object.entries(figures))
  if (only === undefined || only === name) await measure();
