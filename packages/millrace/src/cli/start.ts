import type { Broker, BrokerConfig, ListenerConfig } from '@millrace/broker';
import type { OpenRegistry } from '@millrace/coordination';
import type { Logger, World } from '@millrace/runtime';
import { type BannerFacts, banner } from './banner.ts';
import { formatAddress, parseAddress } from './broker-addresses.ts';
import { refuseForeignDirectory } from './data-directory.ts';
import { exitCodes } from './exit-code.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import {
  advertisedAddress,
  isTaken,
  type KafkaDoor,
  type KafkaOptions,
  kafkaDoor,
  kafkaListener,
  portTaken,
} from './kafka-door.ts';
import { lineLogger } from './line-logger.ts';
import type { MetricsServer } from './metrics-server.ts';
import { watchParent } from './parent-watch.ts';
import { ownListener } from './session.ts';
import { startWhenFree } from './start-when-free.ts';
import type { VerbContext } from './verb-context.ts';
import { zookeeperAt } from './zookeeper.ts';

export interface StartOptions extends KafkaOptions {
  readonly dir: string;
  readonly listen: string;
  readonly advertise?: string;
  readonly nodeId: number;
  readonly zookeeper?: string;
  readonly durability: 'flushed' | 'process';
  readonly minFreeDisk: number;
  /** `host:port` */
  readonly metrics?: string;
  readonly logFormat: 'text' | 'json';
  readonly insecure?: boolean;
}

/**
 * Runs a broker until it is asked to stop. ALREADY_RUNNING, FOREIGN_DIRECTORY, NODE_ID_TAKEN, REGISTRY_UNREACHABLE, and
 * what else `startBroker` says.
 */
export async function start(options: StartOptions, { io, isDebug }: VerbContext): Promise<number> {
  const world: World = { ...io.world, logger: await loggerOf(options, io, isDebug) };
  const listener = listenerOf(options);
  const door = await kafkaDoor(options);
  await refuseForeignDirectory(options.dir, world);
  const interruption = listenForInterruption(io);
  const code = (): number => (interruption.by === 'SIGINT' ? exitCodes.interrupted : exitCodes.fine);
  try {
    const place = await meetingPlace(options, interruption.signal, world);
    const config = {
      nodeId: options.nodeId,
      dataDirectory: options.dir,
      durability: options.durability,
      minFreeDiskBytes: options.minFreeDisk,
      insecure: options.insecure ?? false,
      listeners: [listener],
      ...place,
    };
    const broker = await startWithDoor(config, door, (chosen) =>
      startWhenFree(chosen, world, interruption.signal),
    );
    const metrics = await metricsOf(broker, options, world);
    io.stdout.write(banner(await factsOf(broker, { ...options, door, metrics }, io, world)));
    await untilAskedToStop(interruption, io);
    await metrics?.close();
    await broker.stop();
    return code();
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    return code();
  } finally {
    interruption.ignore();
  }
}

/** Pino is loaded for those who want its lines. */
async function loggerOf(
  { logFormat }: StartOptions,
  { stderr }: VerbContext['io'],
  isDebug: boolean,
): Promise<Logger> {
  if (logFormat === 'text') return lineLogger(stderr, isDebug);
  const { jsonLogger } = await import('./json-logger.ts');
  return jsonLogger(stderr, isDebug);
}

/** A broker that cannot tell what it does is not what was asked for. */
async function metricsOf(
  broker: Broker,
  { metrics, dir }: StartOptions,
  world: World,
): Promise<MetricsServer | undefined> {
  if (metrics === undefined) return undefined;
  try {
    const { serveMetrics } = await import('./metrics-server.ts');
    return await serveMetrics(broker, parseAddress(metrics, '--metrics'), { directory: dir }, world);
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

/** USAGE: a port to advertise is one that can be reached. */
function listenerOf({ listen, advertise }: StartOptions): ListenerConfig {
  const bound = { name: ownListener, ...parseAddress(listen, '--listen') };
  if (advertise === undefined) return bound;
  return { ...bound, advertised: advertisedAddress(advertise, '--advertise') };
}

/** With a listener for Kafka's clients. If that was not asked for and its port is taken, without. */
async function startWithDoor(
  config: BrokerConfig & { listeners: readonly ListenerConfig[] },
  door: KafkaDoor | undefined,
  startBroker: (config: BrokerConfig) => Promise<Broker>,
): Promise<Broker> {
  if (door === undefined) return startBroker(config);
  try {
    return await startBroker({ ...config, listeners: [...config.listeners, door.listener] });
  } catch (error) {
    if (!isTaken(error, door)) throw error;
    if (door.isAsked) throw portTaken(error, door);
    return startBroker(config);
  }
}

/** How the broker meets the others; nothing for one that is alone. USAGE. */
async function meetingPlace(
  { zookeeper }: StartOptions,
  interrupted: AbortSignal,
  world: World,
): Promise<Pick<BrokerConfig, 'registry' | 'extraApis'>> {
  if (zookeeper === undefined) return {};
  const open = await zookeeperAt(zookeeper, '--zookeeper', world);
  // Who stops a broker that waits for ZooKeeper need not wait as well; later the broker ends its session itself.
  let isStarted = false;
  const registry: OpenRegistry = async (signal) => {
    const signals = [...(signal === undefined ? [] : [signal]), ...(isStarted ? [] : [interrupted])];
    const session = await open(AbortSignal.any(signals));
    isStarted = true;
    return session;
  };
  const where = `the brokers meet in ZooKeeper: give the client --zookeeper ${zookeeper} (in a program registry: zookeeperRegistry({ connect: '${zookeeper}' }))`;
  return {
    registry,
    extraApis: { registrySession: async () => ({ error: 'UNSUPPORTED_VERSION', message: where }) },
  };
}

async function factsOf(
  broker: Broker,
  {
    dir,
    durability,
    zookeeper,
    door,
    metrics,
  }: Omit<StartOptions, 'metrics'> & {
    readonly door: KafkaDoor | undefined;
    readonly metrics: MetricsServer | undefined;
  },
  io: VerbContext['io'],
  world: World,
): Promise<BannerFacts> {
  const addressOf = (endpoints: Broker['endpoints'], name: string): string | undefined => {
    const endpoint = endpoints[name];
    return endpoint && formatAddress(endpoint);
  };
  const bound = addressOf(broker.endpoints, ownListener);
  const told = addressOf(broker.advertised, ownListener);
  const kafka = addressOf(broker.endpoints, kafkaListener);
  const kafkaTold = addressOf(broker.advertised, kafkaListener);
  return {
    readyMs: world.clock.now() - io.startedAt,
    address: bound ?? '',
    ...(told === bound || told === undefined ? {} : { told }),
    ...(metrics === undefined ? {} : { metrics: metrics.url }),
    ...(door === undefined ? {} : { kafka: { address: kafka, told: kafkaTold } }),
    ...(zookeeper === undefined
      ? {}
      : { cluster: { zookeeper, nodeId: broker.nodeId, brokers: await liveBrokers(broker) } }),
    directory: dir,
    durability,
    pid: world.host.pid,
  };
}

/** As this broker sees it. */
async function liveBrokers(broker: Broker): Promise<number> {
  const connection = await broker.connect({ nodeId: broker.nodeId, host: 'in-process', port: 0 });
  try {
    return (await connection.call('metadata', { topics: [] })).brokers.length;
  } finally {
    await connection.close();
  }
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
