import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { SharedBytes } from './shared-bytes.ts';

/** About what one read of a socket brings: it is here already. */
const readBytes = 64 * 1024;
/** What a peer that takes its answers slowly may always have waiting. */
const leastAnswerBytes = 16 * 1024;

/** What the connections that share it hold in memory. */
export interface ConnectionMemory {
  /** Of requests without an answer, and of those on their way: a request is not read before there is room for it. */
  readonly requests: SharedBytes;
  /** Of answers that have not left: where there is little room ranges are read in smaller pieces. */
  readonly answers: SharedBytes;
}

export interface ConnectionMemoryOptions {
  /** 224 MiB. A request may have half of it. */
  maxRequestBytes?: number;
  /** 32 MiB */
  maxAnswerBytes?: number;
}

export function connectionMemory(
  { maxRequestBytes = 224 * 1024 * 1024, maxAnswerBytes = 32 * 1024 * 1024 }: ConnectionMemoryOptions = {},
  { clock }: World = nodeWorld,
): ConnectionMemory {
  return {
    requests: new SharedBytes(maxRequestBytes, readBytes, clock),
    answers: new SharedBytes(maxAnswerBytes, leastAnswerBytes, clock),
  };
}
