import { type BrokerCoreOptions, createBrokerCore, type Endpoints } from '@millrace/broker-core';
import { type MemoryRegistry, memoryRegistry, type OpenRegistry } from '@millrace/coordination';
import { groupCoordinator } from '@millrace/group-coordinator';
import { type LogDirectory, openLogDirectory } from '@millrace/log';
import type { BrokerApi, Connector } from '@millrace/protocol';
import { memoryFileSystem, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type ConnectionMemory, connectionMemory, inProcessConnector } from '@millrace/transport';
import { type BrokerConfig, brokerDefaults, checkConfig } from './config.ts';
import { DiskWatch, refusingWhenFull } from './disk-watch.ts';
import { type EmbeddedRegistry, openEmbeddedRegistry } from './embedded-registry.ts';
import { groupNames } from './group-names.ts';
import { checkListeners, openListeners } from './listeners.ts';
import { offsetStoreOver } from './offset-topic.ts';
import { registryDoor } from './registry-door.ts';
import { observed } from './request-channel.ts';
import { gateApi } from './start-gate.ts';

export interface Broker extends AsyncDisposable {
  readonly nodeId: number;
  /** As bound. */
  readonly endpoints: Endpoints;
  /** As clients and other brokers are told. */
  readonly advertised: Endpoints;
  /** How many connections each listener has at this moment. */
  connections(): { readonly [listener: string]: number };
  /** What they hold at this moment, in bytes: requests that are on their way or without an answer, and answers that have not left. */
  connectionMemory(): { readonly requests: number; readonly answers: number };
  readonly api: Partial<BrokerApi>;
  /** In process: nothing copied. It reaches this broker only. */
  readonly connect: Connector;
  /** A session of its own registry, embedded or not. */
  readonly registry: OpenRegistry;
  /** Answers what is parked, leaves the cluster, closes ports and files. Idempotent. */
  stop(): Promise<void>;
}

/**
 * A whole broker: the log directory (locked before any port is bound), a registry, the deciding core, its listeners.
 * Resolves when it serves. A start that fails undoes what it did.
 *
 * INVALID_CONFIG, INSECURE_LISTENER, LOCKED, ADDRESS_IN_USE, NODE_ID_TAKEN.
 */
export async function startBroker(config: BrokerConfig = {}, world: World = nodeWorld): Promise<Broker> {
  checkConfig(config);
  checkListeners(config.listeners ?? [], config.insecure ?? brokerDefaults.insecure);
  const undo: (() => Promise<void>)[] = [];
  try {
    return await assemble(config, world, undo);
  } catch (error) {
    await undoAll(undo).catch((undoing: unknown) =>
      world.logger.error({ error: undoing }, 'could not undo all of a start that failed'),
    );
    throw error;
  }
}

/** Each step that has to be undone leaves how; stopping is undoing all, the last first. */
async function assemble(config: BrokerConfig, world: World, undo: (() => Promise<void>)[]): Promise<Broker> {
  const inMemory = config.dataDirectory === undefined;
  const ownWorld = inMemory ? { ...world, files: memoryFileSystem() } : world;
  const logs = await openLogDirectory(config.dataDirectory ?? '/millrace', {}, ownWorld);
  undo.push(() => logs.close());

  const { open: registry, stopWaiting } =
    config.registry === undefined
      ? await ownRegistry(inMemory, logs, ownWorld)
      : { open: config.registry, stopWaiting: undefined };
  const core = createBrokerCore(coreOptions(config, logs, registry), ownWorld);
  // Who keeps the registry lets clients in other processes to it.
  const door = config.registry === undefined ? registryDoor(registry, ownWorld) : undefined;
  const { nodeId } = core;
  const store = offsetStoreOver(core.api, nodeId, ownWorld);
  const names = groupNames(registry, core.api, nodeId);
  const coordinator = groupCoordinator({ nodeId, store, names, metadata: core.api.metadata }, ownWorld);
  const disk = diskWatch(config, ownWorld);
  await disk?.start();
  undo.push(async () => disk?.stop());
  const produce = disk === undefined ? core.api.produce : refusingWhenFull(core.api.produce, disk);
  const api = { ...core.api, produce, ...coordinator.api, ...door?.api, ...config.extraApis };
  const gate = gateApi(observed(api, nodeId, ownWorld));
  const memory = sharedMemory(config, ownWorld);
  const listeners = await openListeners(
    config.listeners ?? [],
    gate.api,
    { inCluster: config.registry !== undefined, memory },
    ownWorld,
  );
  undo.push(() => listeners.close());
  const { endpoints, advertised } = listeners;

  undo.push(() => core.stop());
  undo.push(async () => coordinator.close());
  undo.push(async () => door?.close());
  undo.push(async () => stopWaiting?.());
  // Kafka's clients take the end of a connection better than news from a broker that is leaving: kafkajs 2.2 gives up on these.
  undo.push(async () => listeners.drain());
  undo.push(() => logs.annotateLock({ state: 'stopping' }));
  await core.start(advertised);
  gate.open();
  await logs.annotateLock(notes(core.nodeId, endpoints));

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= undoAll(undo);
    return stopped;
  };
  return {
    nodeId: core.nodeId,
    endpoints,
    advertised,
    connections: () => listeners.connections(),
    connectionMemory: () => ({ requests: memory.requests.heldBytes, answers: memory.answers.heldBytes }),
    api,
    connect: inProcessConnector((nodeId) =>
      nodeId === undefined || nodeId === core.nodeId ? api : undefined,
    ),
    registry,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Of all listeners. */
function sharedMemory({ connectionMemoryBytes }: BrokerConfig, world: World): ConnectionMemory {
  const bytes = connectionMemoryBytes ?? brokerDefaults.connectionMemoryBytes;
  const maxAnswerBytes = Math.floor(bytes / 8);
  return connectionMemory({ maxRequestBytes: bytes - maxAnswerBytes, maxAnswerBytes }, world);
}

/** None for a broker in memory. */
function diskWatch({ dataDirectory, minFreeDiskBytes }: BrokerConfig, world: World): DiskWatch | undefined {
  const least = minFreeDiskBytes ?? brokerDefaults.minFreeDiskBytes;
  return dataDirectory === undefined || least === 0 ? undefined : new DiskWatch(dataDirectory, least, world);
}

/** In memory nothing outlives the broker, so its registry needs no journal. */
function ownRegistry(
  inMemory: boolean,
  logs: LogDirectory,
  world: World,
): Promise<MemoryRegistry & Partial<EmbeddedRegistry>> {
  return inMemory ? Promise.resolve(memoryRegistry(world)) : openEmbeddedRegistry(logs, world);
}

function coreOptions(config: BrokerConfig, logs: LogDirectory, registry: OpenRegistry): BrokerCoreOptions {
  const {
    nodeId = brokerDefaults.nodeId,
    durability = brokerDefaults.durability,
    autoCreateTopics = brokerDefaults.autoCreateTopics,
    log,
  } = config;
  return { logs, registry, nodeId, durability, autoCreateTopics, ...(log === undefined ? {} : { log }) };
}

/** What others are told who find the directory locked. */
function notes(nodeId: number, endpoints: Endpoints): Record<string, string | number> {
  const addresses = Object.values(endpoints).map(({ host, port }) => `${host}:${port}`);
  return addresses.length === 0 ? { nodeId } : { nodeId, address: addresses.join(', ') };
}

/** Runs all of them, the last first, and rejects with the first failure once all have run. */
async function undoAll(undo: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    await step().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
