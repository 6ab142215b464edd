import type { ApiName } from './broker-api.ts';

/** Questions of a few bytes whose answers grow with the cluster: whoever answers them keeps few of them in hand. */
export const clusterSized: ReadonlySet<ApiName> = new Set<ApiName>([
  'metadata',
  'describeConfigs',
  'listGroups',
  'describeGroups',
  'offsetFetch',
]);
