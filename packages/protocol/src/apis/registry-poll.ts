import * as z from 'zod/mini';
import { defineApi, list, natural, text } from '../define-api.ts';
import { registryOutcome } from './registry-call.ts';

/**
 * Which watched paths to look at again: answers once there are some, or after `maxWaitMs`. `seen` is the `sequence` of the
 * last answer that arrived; what came after it is told again. Keeps the session alive.
 */
export const registryPoll = defineApi(
  z.object({ session: text, attachment: natural, seen: natural, maxWaitMs: natural }),
  z.object({ outcome: registryOutcome, sequence: natural, changed: list(text) }),
);
