import { incrementalAlterConfigsQuestion } from './altered-configs.ts';
import { describeConfigsQuestion } from './configs.ts';
import { describeClusterQuestion } from './describe-cluster.ts';
import { fetchQuestion } from './fetch.ts';
import { offsetCommitQuestion, offsetFetchQuestion } from './group-offsets.ts';
import { describeGroupsQuestion, findCoordinatorQuestion, listGroupsQuestion } from './group-views.ts';
import {
  deleteGroupsQuestion,
  heartbeatQuestion,
  joinGroupQuestion,
  leaveGroupQuestion,
  syncGroupQuestion,
} from './groups.ts';
import { listOffsetsQuestion } from './list-offsets.ts';
import { metadataQuestion } from './metadata.ts';
import { produceQuestion } from './produce.ts';
import { initProducerIdQuestion, offsetForLeaderEpochQuestion } from './producers.ts';
import type { AnyQuestion } from './question.ts';
import { createTopicsQuestion, deleteTopicsQuestion } from './topics.ts';

/** Every question that can be passed on to a broker. */
export const questions: readonly AnyQuestion[] = [
  produceQuestion,
  fetchQuestion,
  listOffsetsQuestion,
  metadataQuestion,
  createTopicsQuestion,
  deleteTopicsQuestion,
  initProducerIdQuestion,
  offsetForLeaderEpochQuestion,
  describeConfigsQuestion,
  incrementalAlterConfigsQuestion,
  describeClusterQuestion,
  findCoordinatorQuestion,
  joinGroupQuestion,
  syncGroupQuestion,
  heartbeatQuestion,
  leaveGroupQuestion,
  offsetCommitQuestion,
  offsetFetchQuestion,
  listGroupsQuestion,
  describeGroupsQuestion,
  deleteGroupsQuestion,
];
