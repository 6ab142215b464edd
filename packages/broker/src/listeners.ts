import type { Endpoints } from '@millrace/broker-core';
import type { BrokerApi, Endpoint, ListenerCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { type ConnectionMemory, type Listener, listenTcp } from '@millrace/transport';
import { type ListenerConfig, listenerDefaults } from './config.ts';
import { brokerError } from './errors.ts';

/** The doors of a broker, open. */
export interface Listeners {
  /** As bound. */
  readonly endpoints: Endpoints;
  /** As others are told. */
  readonly advertised: Endpoints;
  /** How many connections each has at this moment. */
  connections(): { readonly [listener: string]: number };
  /** Takes no more questions; what was asked is still answered. */
  drain(): void;
  close(): Promise<void>;
}

/** How long open connections get to take their last answers. */
const drainMs = 1_000;

/** INSECURE_LISTENER: whoever reaches the address can read and write everything. */
export function checkListeners(listeners: readonly ListenerConfig[], insecure: boolean): void {
  if (insecure) return;
  const open = listeners.find(({ host = listenerDefaults.host }) => !isLoopback(host));
  if (open === undefined) return;
  throw brokerError(
    'INSECURE_LISTENER',
    `listening on ${open.host} lets everyone who can reach it read and write everything: there is no authentication`,
    { hint: 'listen on 127.0.0.1, or say insecure: true if that is what you want' },
  );
}

/**
 * Opens all, or none. A listener on all addresses is told to others `inCluster` as the machine's name; a broker that is
 * alone tells each client the address at which that client found it.
 *
 * ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, INVALID_CONFIG for two of one name.
 */
export async function openListeners(
  configs: readonly ListenerConfig[],
  api: Partial<BrokerApi>,
  { inCluster, memory }: { inCluster: boolean; memory: ConnectionMemory },
  world: World,
): Promise<Listeners> {
  const listeners: Listener[] = [];
  const advertised: { [name: string]: Endpoint } = {};
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close({ drainMs })));
  };
  try {
    for (const config of configs) {
      const codec = config.codec ?? (await defaultCodec());
      const name = config.name ?? codec.name;
      if (listeners.some((other) => other.name === name)) throw sameName(name);
      const { host = listenerDefaults.host, port = listenerDefaults.port } = config;
      const told = config.advertised?.host ?? (inCluster && isEverywhere(host) ? world.host.name : host);
      const bound = await listenTcp({ api, codec, listener: name, host, port, memory }, world);
      listeners.push(bound);
      advertised[name] = { host: told, port: config.advertised?.port ?? bound.endpoint.port };
    }
  } catch (error) {
    await close();
    throw error;
  }
  const endpoints = Object.fromEntries(listeners.map(({ name, endpoint }) => [name, endpoint]));
  const drain = (): void => {
    for (const listener of listeners) listener.drain();
  };
  const connections = () => Object.fromEntries(listeners.map((one) => [one.name, one.connections]));
  return { endpoints, advertised, connections, drain, close };
}

/** Loaded when the first port needs it: a broker that lives in its process only has no use for it. */
async function defaultCodec(): Promise<ListenerCodec> {
  const { msgpackCodec } = await import('@millrace/protocol/msgpack');
  return msgpackCodec();
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function sameName(name: string): Error {
  return brokerError('INVALID_CONFIG', `two listeners have the name '${name}'`, {
    hint: 'give each listener its own name',
  });
}
