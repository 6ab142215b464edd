import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Work } from './load.ts';
import { batchSizes, type Client, type Peer, type RunningPeer } from './peer.ts';
import { nameOf } from './peers.ts';
import { usageOf } from './server-process.ts';

export interface Settings {
  readonly seconds: number;
  /** Messages per second at which latency is measured. */
  readonly offered: readonly number[];
}

/** What one client of one peer reached in one round. */
export interface Measured {
  readonly version: string;
  readonly startMs: number;
  readonly idleBytes: number;
  readonly residentBytes: number;
  /** Messages per second by batch size. */
  readonly produced: ReadonlyMap<number, number>;
  /** Seconds of the broker's CPU for a million messages, by batch size. */
  readonly cpuPerMillion: ReadonlyMap<number, number>;
  readonly consumed: number;
  readonly consumeCpuPerMillion: number;
  /** By offered load; undefined where it could not keep up: fewer than nine in ten were acknowledged in time. */
  readonly latency: ReadonlyMap<number, Answer['latency'] | undefined>;
}

const loadProgram = fileURLToPath(new URL('load.ts', import.meta.url));
const warmUpSeconds = 1;
/** Beyond, what a peer holds in memory would decide how the others fare. */
const mostMessages = 10_000_000;

/** Starts the peer afresh, puts the client to work, stops it. */
export async function measure(peer: Peer, client: Client, { seconds, offered }: Settings): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-field-'));
  const running = await peer.start(directory);
  const ask = (...tasks: Work[]): Promise<Asked> => askLoad(peer, client, running, directory, tasks);
  try {
    const idle = usage(running).residentBytes;
    await ask({ kind: 'prepare' });
    const produced = new Map<number, number>();
    const cpuPerMillion = new Map<number, number>();
    let messages = 0;
    for (const batch of batchSizes) {
      if (batch > 1 && client.batching === undefined) continue;
      const most = mostMessages;
      const { answers, brokerCpuSeconds } = await ask(
        { kind: 'produce', batch, seconds: warmUpSeconds, most },
        { kind: 'produce', batch, seconds, most },
      );
      const sent = answers.reduce((sum, answer) => sum + answer.messages, 0);
      const last = answers.at(-1);
      messages += sent;
      produced.set(batch, last === undefined ? 0 : last.messages / last.seconds);
      cpuPerMillion.set(batch, (brokerCpuSeconds / sent) * 1e6);
    }
    const { answers, brokerCpuSeconds } = await ask({ kind: 'consume', messages, seconds: seconds * 3 });
    const [read] = answers;
    const { residentBytes } = usage(running);
    const latency = new Map<number, Answer['latency']>();
    for (const perSecond of offered) latency.set(perSecond, await latencyAt(perSecond, seconds, ask));
    return {
      version: running.version,
      startMs: running.startMs,
      idleBytes: idle,
      residentBytes,
      produced,
      cpuPerMillion,
      consumed: read === undefined ? 0 : read.messages / read.seconds,
      consumeCpuPerMillion: (brokerCpuSeconds / (read?.messages ?? 1)) * 1e6,
      latency,
    };
  } finally {
    await running.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function latencyAt(
  perSecond: number,
  seconds: number,
  ask: (...tasks: Work[]) => Promise<Asked>,
): Promise<Answer['latency']> {
  const { answers } = await ask(
    { kind: 'latency', perSecond: Math.min(perSecond, 1_000), seconds: warmUpSeconds },
    { kind: 'latency', perSecond, seconds },
  );
  const last = answers.at(-1);
  return last !== undefined && last.seconds <= seconds * 1.1 ? last.latency : undefined;
}

interface Asked {
  readonly answers: readonly Answer[];
  /** Of the broker, or of the load's process where the broker lives in it. */
  readonly brokerCpuSeconds: number;
}

async function askLoad(
  peer: Peer,
  client: Client,
  running: RunningPeer,
  directory: string,
  tasks: readonly Work[],
): Promise<Asked> {
  const before = usage(running).cpuSeconds;
  const asked = tasks.map((task) => JSON.stringify(task));
  const child = spawn(
    process.execPath,
    [...process.execArgv, loadProgram, nameOf(peer, client), String(running.port), ...asked],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FIELD_DIRECTORY: join(directory, 'data') } },
  );
  const answers: Answer[] = [];
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for await (const line of createInterface(child.stdout)) answers.push(JSON.parse(line) as Answer);
  const code = await exited;
  if (answers.length < tasks.length)
    throw new Error(`${nameOf(peer, client)} ended with ${code}: ${said.slice(-1000)}`);
  const own = answers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  const brokerCpuSeconds = running.session === undefined ? own : usage(running).cpuSeconds - before;
  return { answers, brokerCpuSeconds };
}

function usage({ session }: RunningPeer): { readonly cpuSeconds: number; readonly residentBytes: number } {
  return session === undefined ? { cpuSeconds: 0, residentBytes: 0 } : usageOf(session);
}
