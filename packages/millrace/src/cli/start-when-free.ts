import { type Broker, type BrokerConfig, startBroker } from '@millrace/broker';
import { CodedError, hasCode, type World } from '@millrace/runtime';
import { aboutDirectory } from './data-directory.ts';
import { cliError } from './errors.ts';

/** How long a broker that is stopping may keep the directory. */
const directoryPatienceMs = 5_000;
const lookAtDirectoryMs = 100;
/** How long a broker that is gone may keep the node id: until its session has ended. */
const nodeIdPatienceMs = 15_000;
const lookAtNodeIdMs = 500;

type Details = CodedError['details'];

/**
 * Starts a broker; waits for a holder of the directory that says it is stopping, and for a holder of the node id that may
 * be gone. ALREADY_RUNNING, NODE_ID_TAKEN, and what `startBroker` says; the signal's reason when it aborts.
 */
export async function startWhenFree(
  config: BrokerConfig,
  world: World,
  signal: AbortSignal,
): Promise<Broker> {
  const { clock, logger } = world;
  const begun = clock.monotonic();
  let isWaitingForId = false;
  for (;;) {
    signal.throwIfAborted();
    const waitedMs = clock.monotonic() - begun;
    try {
      return await startBroker(config, world);
    } catch (error) {
      if (hasCode(error, 'INSECURE_LISTENER')) throw insecure(error);
      if (hasCode(error, 'LOCKED')) {
        const isStopping = error.details?.['state'] === 'stopping';
        if (!isStopping || waitedMs >= directoryPatienceMs)
          throw alreadyRunning(config, error.details, error, world);
      } else if (hasCode(error, 'NODE_ID_TAKEN')) {
        if (isAlive(error.details, world) || waitedMs >= nodeIdPatienceMs) throw withHint(error);
        if (!isWaitingForId)
          logger.warn({}, `${error.message}; if that is gone, its session ends within seconds: waiting`);
        isWaitingForId = true;
      } else throw aboutDirectory(config.dataDirectory ?? '', error);
    }
    await clock.sleep(isWaitingForId ? lookAtNodeIdMs : lookAtDirectoryMs, signal);
  }
}

/** Whether the holder is a process of this machine that runs; of other machines nobody here can tell. */
function isAlive(details: Details, { host }: World): boolean {
  const pid = details?.['pid'];
  return details?.['host'] === host.name && typeof pid === 'number' && host.processAlive(pid);
}

function withHint(cause: Error): Error {
  return new CodedError('NODE_ID_TAKEN', cause.message, {
    hint: 'give each broker of a cluster its own --node-id and --dir',
    cause,
  });
}

function insecure(cause: Error): Error {
  return new CodedError('INSECURE_LISTENER', cause.message, {
    hint: 'listen on 127.0.0.1, or add --insecure if that is what you want',
    cause,
  });
}

function alreadyRunning(
  { dataDirectory = '' }: BrokerConfig,
  details: Details,
  cause: unknown,
  world: World,
): Error {
  const { pid, since, address, state } = details ?? {};
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
