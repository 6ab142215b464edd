import { join } from 'node:path';
import { type Broker, type BrokerConfig, startBroker } from '@millrace/broker';
import { CodedError, codeOf, hasCode, type World } from '@millrace/runtime';
import { isSystemCode } from '../explanations/catalogue.ts';
import { banner } from './banner.ts';
import { formatAddress, parseAddress } from './broker-addresses.ts';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import { lineLogger } from './line-logger.ts';
import { watchParent } from './parent-watch.ts';
import type { VerbContext } from './verb-context.ts';

export interface StartOptions {
  readonly dir: string;
  readonly listen: string;
  readonly nodeId: number;
  readonly durability: 'flushed' | 'process';
  readonly insecure?: boolean;
}

/** How long a broker that is stopping may keep the directory. */
const patienceMs = 5_000;
const lookAgainMs = 100;
const listener = 'native';

/** Runs a broker until it is asked to stop. ALREADY_RUNNING, FOREIGN_DIRECTORY, and what `startBroker` says. */
export async function start(options: StartOptions, { io, isDebug }: VerbContext): Promise<number> {
  const { host, port } = parseAddress(options.listen, '--listen');
  const world: World = { ...io.world, logger: lineLogger(io.stderr, isDebug) };
  await refuseForeignDirectory(options.dir, world).catch((error: unknown) => {
    throw aboutDirectory(options.dir, error);
  });
  const interruption = listenForInterruption(io);
  try {
    const broker = await startWhenFree(
      {
        nodeId: options.nodeId,
        dataDirectory: options.dir,
        durability: options.durability,
        insecure: options.insecure ?? false,
        listeners: [{ name: listener, host, port }],
      },
      world,
      interruption.signal,
    );
    const address = formatAddress(broker.endpoints[listener] ?? { host, port });
    const readyMs = world.clock.now() - io.startedAt;
    io.stdout.write(
      banner({
        readyMs,
        address,
        directory: options.dir,
        durability: options.durability,
        pid: world.host.pid,
      }),
    );
    await untilAskedToStop(interruption, io);
    await broker.stop();
    return interruption.by === 'SIGINT' ? exitCodes.interrupted : exitCodes.fine;
  } finally {
    interruption.ignore();
  }
}

/** Waits for a holder of the directory that says it is stopping. */
async function startWhenFree(config: BrokerConfig, world: World, signal: AbortSignal): Promise<Broker> {
  const deadline = world.clock.monotonic() + patienceMs;
  for (;;) {
    try {
      return await startBroker(config, world);
    } catch (error) {
      if (hasCode(error, 'INSECURE_LISTENER'))
        throw new CodedError('INSECURE_LISTENER', error.message, {
          hint: 'listen on 127.0.0.1, or add --insecure if that is what you want',
          cause: error,
        });
      if (!hasCode(error, 'LOCKED')) throw aboutDirectory(config.dataDirectory ?? '', error);
      const isStopping = error.details?.['state'] === 'stopping';
      if (!isStopping || world.clock.monotonic() >= deadline || signal.aborted)
        throw alreadyRunning(config, error.details ?? {}, error, world);
    }
    await world.clock.sleep(lookAgainMs);
  }
}

/** The system says what it could not do, which may be a file that nobody has heard of: say for what it was done. */
function aboutDirectory(directory: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!isSystemCode(code)) return error;
  const { message } = error as { message?: string };
  return new CodedError(code, `cannot keep data in ${directory}: ${message ?? code}`, { cause: error });
}

function alreadyRunning(
  { dataDirectory = '' }: BrokerConfig,
  details: { readonly [name: string]: string | number },
  cause: unknown,
  world: World,
): Error {
  const { pid, since, address, state } = details;
  const facts = [
    `pid ${pid}`,
    ...(typeof since === 'number' ? [`since ${timeOfDay(since, world.clock.now())}`] : []),
    ...(address === undefined ? [] : [String(address)]),
    ...(state === undefined ? [] : [`${state}`]),
  ];
  return cliError('ALREADY_RUNNING', `already running here, ${facts.join(', ')}`, {
    hint: `the broker of ${dataDirectory} serves already; stop it with \`kill ${pid}\`, or use another --dir and --listen`,
    cause,
  });
}

/** 10:02, local time; with the date when that was not today. */
function timeOfDay(since: number, now: number): string {
  const then = new Date(since);
  const time = then.toTimeString().slice(0, 5);
  return then.toDateString() === new Date(now).toDateString() ? time : `${then.toDateString()} ${time}`;
}

/** A directory is ours when it is new or empty, or when a broker's registry or lock lies in it. */
async function refuseForeignDirectory(directory: string, { files }: World): Promise<void> {
  if (!(await files.exists(directory))) return;
  const names = await files.list(directory);
  const isOurs = names.some((name) => name === '.lock' || name.startsWith('__registry.'));
  if (names.length === 0 || isOurs) return;
  throw cliError(
    'FOREIGN_DIRECTORY',
    `${directory} is no data directory of Millrace: it holds ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`,
    { hint: `choose an empty or new directory, such as --dir ${join(directory, 'millrace-data')}` },
  );
}

async function untilAskedToStop(interruption: Interruption, io: VerbContext['io']): Promise<void> {
  if (interruption.signal.aborted) return;
  await new Promise<void>((resolve) => {
    const stopWatching = io.stopWhenParentGoes ? watchParent(io, resolve) : undefined;
    interruption.signal.addEventListener(
      'abort',
      () => {
        stopWatching?.();
        resolve();
      },
      { once: true },
    );
  });
}
