import { list } from '../schema/list.ts';
import { int32, text, textOrNull } from '../schema/scalars.ts';
import { struct } from '../schema/struct.ts';

/** Who leads a partition now, told with the refusal (KIP-951). */
export const leaderAndEpoch = struct({ leaderId: int32, leaderEpoch: int32 });
export const unknownLeader = { leaderId: -1, leaderEpoch: -1 };

/** Where the leaders named in an answer are reached. */
export const nodeEndpoints = list({ nodeId: int32, host: text, port: int32, rack: textOrNull() });
