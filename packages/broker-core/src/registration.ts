import { brokerNode, paths, type Registry } from '@millrace/coordination';
import type { Endpoint } from '@millrace/protocol';
import { CodedError } from '@millrace/runtime';
import { tryCreate } from './compare-and-set.ts';
import type { BrokerCoreErrorCode } from './errors.ts';

export interface Endpoints {
  readonly [listener: string]: Endpoint;
}

/**
 * Makes the ephemeral node that says this broker lives; returns its incarnation. A node of the same id that another
 * session owns is another broker's (the owner is compared, never the data): NODE_ID_TAKEN says whose.
 */
export async function register(registry: Registry, nodeId: number, endpoints: Endpoints): Promise<number> {
  const path = paths.broker(nodeId);
  const data = brokerNode.encode({ nodeId, endpoints });
  await tryCreate(registry, path, data, { ephemeral: true });
  const node = await registry.get(path);
  if (node === undefined || !node.owned) throw nodeIdTaken(nodeId, node && describe(node.data, path));
  return node.created;
}

function nodeIdTaken(nodeId: number, holder: string | undefined): CodedError<BrokerCoreErrorCode> {
  return new CodedError(
    'NODE_ID_TAKEN',
    `node id ${nodeId} is taken by a broker ${holder ?? 'that just left'}`,
    {
      retriable: true,
      hint: 'give each broker of a cluster its own node id',
      details: { nodeId },
    },
  );
}

function describe(data: Uint8Array, path: string): string {
  const addresses = Object.values(brokerNode.decode(data, path).endpoints);
  if (addresses.length === 0) return 'in another process or session, without an address';
  return `at ${addresses.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
}
