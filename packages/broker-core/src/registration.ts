import { type BrokerNode, brokerNode, paths, type Registry } from '@millrace/coordination';
import type { Endpoint } from '@millrace/protocol';
import { CodedError, type World } from '@millrace/runtime';
import { tryCreate } from './compare-and-set.ts';
import type { BrokerCoreErrorCode } from './errors.ts';

export interface Endpoints {
  readonly [listener: string]: Endpoint;
}

/**
 * Makes the ephemeral node that says this broker lives; returns its incarnation. A node of the same id that another
 * session owns is another broker's (the owner is compared, never the data): NODE_ID_TAKEN says whose.
 */
export async function register(
  registry: Registry,
  nodeId: number,
  endpoints: Endpoints,
  { clock, host }: World,
): Promise<number> {
  const path = paths.broker(nodeId);
  const self = { nodeId, endpoints, host: host.name, pid: host.pid, since: clock.now() };
  const data = brokerNode.encode(self);
  await tryCreate(registry, path, data, { ephemeral: true });
  const node = await registry.get(path);
  if (node === undefined || !node.owned)
    throw nodeIdTaken(nodeId, node && brokerNode.decode(node.data, path));
  return node.created;
}

/** `details` say the same for programs: host and pid where the holder registered them. */
function nodeIdTaken(nodeId: number, holder: BrokerNode | undefined): CodedError<BrokerCoreErrorCode> {
  const { host, pid } = holder ?? {};
  return new CodedError(
    'NODE_ID_TAKEN',
    `node id ${nodeId} is taken by a broker ${holder === undefined ? 'that just left' : described(holder)}`,
    {
      retriable: true,
      hint: 'give each broker of a cluster its own node id',
      details: { nodeId, ...(host === undefined ? {} : { host }), ...(pid === undefined ? {} : { pid }) },
    },
  );
}

/** `at 10.0.0.2:9292 (host mill, pid 4711)` */
function described({ endpoints, host, pid }: BrokerNode): string {
  const addresses = Object.values(endpoints).map((endpoint) => `${endpoint.host}:${endpoint.port}`);
  const where = addresses.length === 0 ? 'without an address' : `at ${addresses.join(', ')}`;
  const process = [
    ...(host === undefined ? [] : [`host ${host}`]),
    ...(pid === undefined ? [] : [`pid ${pid}`]),
  ];
  return process.length === 0 ? where : `${where} (${process.join(', ')})`;
}
