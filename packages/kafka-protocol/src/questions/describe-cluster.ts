import { operationsNotAsked } from '../apis/03-metadata.ts';
import { describeCluster } from '../apis/60-describe-cluster.ts';
import { controllerAmong } from './metadata.ts';
import { question } from './question.ts';

const brokersType = 1;
const controllersType = 2;
const mismatchedEndpointType = 114;
const unsupportedEndpointType = 115;

/** What metadata says, without topics. */
export const describeClusterQuestion = question<typeof describeCluster, 'metadata'>({
  api: describeCluster,
  asks: 'metadata',
  refuse: ({ endpointType }) =>
    endpointType === brokersType
      ? undefined
      : {
          throttleTimeMs: 0,
          errorCode: endpointType === controllersType ? mismatchedEndpointType : unsupportedEndpointType,
          errorMessage: 'this is a broker; ask for brokers',
          endpointType,
          clusterId: '',
          controllerId: -1,
          brokers: [],
          clusterAuthorizedOperations: operationsNotAsked,
        },
  ask: () => ({ topics: [] }),
  fail: () => ({ clusterId: '', brokers: [], topics: [] }),
  answer: ({ clusterId, controllerId, brokers }) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    clusterId,
    controllerId: controllerAmong(brokers, controllerId),
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port, rack: null })),
    clusterAuthorizedOperations: operationsNotAsked,
  }),
});
