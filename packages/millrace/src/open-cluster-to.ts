import type { Broker } from '@millrace/broker';
import { type Cluster, type ClusterOptions, openCluster } from '@millrace/client';
import type { OpenRegistry } from '@millrace/coordination';
import type { Connector, WireCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { tcpConnector } from '@millrace/transport';

export interface ConnectOptions {
  /** How the broker at an address speaks. msgpackCodec() */
  codec?: WireCodec;
  /** How the client names itself to brokers. */
  clientId?: string;
  /** Where the brokers meet, if they share a registry; groups need it then. Default: what the broker at the address keeps. */
  registry?: OpenRegistry;
}

/** What `connect` builds upon, for those who need more than a client. The caller closes it. */
export function openClusterTo(
  to: Broker | string | readonly string[],
  { codec, clientId, retry, registry }: ConnectOptions & Pick<ClusterOptions, 'retry'>,
  world: World,
): Cluster {
  const shared = {
    ...(clientId === undefined ? {} : { clientId }),
    ...(retry === undefined ? {} : { retry }),
    ...(registry === undefined ? {} : { registry }),
    ...(codec?.hasRegistry === false && registry === undefined ? { groups: 'coordinator' as const } : {}),
  };
  if (isBroker(to)) {
    const bootstrap = [{ nodeId: to.nodeId, host: 'in-process', port: 0 }];
    return openCluster({ registry: to.registry, ...shared, connect: to.connect, bootstrap }, world);
  }
  const bootstrap = (typeof to === 'string' ? to.split(',') : to).map((address) => address.trim());
  return openCluster({ ...shared, connect: overTcp({ codec, clientId }, world), bootstrap }, world);
}

function isBroker(to: Broker | string | readonly string[]): to is Broker {
  return typeof to === 'object' && 'connect' in to;
}

/** The codec is loaded when the first connection needs it: a client of a broker in its own process has no use for it. */
function overTcp(
  { codec, clientId }: { codec: WireCodec | undefined; clientId: string | undefined },
  world: World,
): Connector {
  let connector: Promise<Connector> | undefined;
  const load = async (): Promise<Connector> => {
    const spoken = codec ?? (await import('@millrace/protocol/msgpack')).msgpackCodec();
    return tcpConnector({ codec: spoken, ...(clientId === undefined ? {} : { clientId }) }, world);
  };
  return async (node, signal) => {
    connector ??= load();
    return (await connector)(node, signal);
  };
}
