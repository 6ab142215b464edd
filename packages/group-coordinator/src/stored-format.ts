import { ByteReader, ByteWriter } from './bytes.ts';
import type { GroupFacts } from './classic-group.ts';
import type { CommittedOffset } from './committed-offsets.ts';
import type { MemberFacts } from './member.ts';

/**
 * What the log of a coordinator holds, in the layouts of Kafka's own (`OffsetCommitKey` and `GroupMetadataKey` of its
 * message definitions), so that tools which read `__consumer_offsets` read this one too.
 */
export type StoredKey =
  | { readonly kind: 'offset'; readonly groupId: string; readonly topic: string; readonly partition: number }
  | { readonly kind: 'group'; readonly groupId: string };

/** The newest layouts that are not flexible, written since Kafka 2.3. */
const versions = { offsetKey: 1, offsetValue: 3, groupKey: 2, groupValue: 3 } as const;
const noLeaderEpoch = -1;

export function offsetKey(groupId: string, topic: string, partition: number): Buffer {
  return new ByteWriter().int16(versions.offsetKey).text(groupId).text(topic).int32(partition).done();
}

export function groupKey(groupId: string): Buffer {
  return new ByteWriter().int16(versions.groupKey).text(groupId).done();
}

/** undefined for a key of another kind or layout. RangeError for bytes that end too early. */
export function readKey(bytes: Uint8Array): StoredKey | undefined {
  const from = new ByteReader(bytes);
  const version = from.int16();
  if (version === 0 || version === versions.offsetKey)
    return { kind: 'offset', groupId: from.text(), topic: from.text(), partition: from.int32() };
  if (version === versions.groupKey) return { kind: 'group', groupId: from.text() };
  return undefined;
}

export function offsetValue({ offset, leaderEpoch, note, committedAt }: CommittedOffset): Buffer {
  return new ByteWriter()
    .int16(versions.offsetValue)
    .int64(offset)
    .int32(leaderEpoch ?? noLeaderEpoch)
    .text(note)
    .int64(committedAt)
    .done();
}

/** RangeError for another layout, and for bytes that end too early. */
export function readOffsetValue(bytes: Uint8Array): CommittedOffset {
  const from = new ByteReader(bytes);
  expectVersion(from.int16(), versions.offsetValue);
  const [offset, leaderEpoch, note, committedAt] = [from.int64(), from.int32(), from.text(), from.int64()];
  return { offset, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch, note, committedAt };
}

export function groupValue(facts: GroupFacts, now: number): Buffer {
  const { protocolType, generation, protocolName, leader, members } = facts;
  const to = new ByteWriter()
    .int16(versions.groupValue)
    .text(protocolType)
    .int32(generation)
    .text(protocolName)
    .text(leader)
    .int64(now)
    .int32(members.length);
  for (const member of members) {
    to.text(member.memberId).text(member.instanceId).text(member.clientId).text(member.clientHost);
    to.int32(member.rebalanceTimeoutMs).int32(member.sessionTimeoutMs);
    // Kafka keeps what the member said for the protocol that was chosen, and no more.
    to.bytes(member.protocols.find(({ name }) => name === protocolName)?.metadata ?? Buffer.alloc(0));
    to.bytes(member.assignment);
  }
  return to.done();
}

/** With the time at which it became what it was. RangeError as above. */
export function readGroupValue(bytes: Uint8Array): { readonly facts: GroupFacts; readonly at: number } {
  const from = new ByteReader(bytes);
  expectVersion(from.int16(), versions.groupValue);
  const protocolType = from.text();
  const generation = from.int32();
  const [protocolName, leader] = [from.nullableText(), from.nullableText()];
  const at = from.int64();
  const members = Array.from({ length: from.count() }, () => readMember(from, protocolName ?? ''));
  return { facts: { protocolType, generation, protocolName, leader, members }, at };
}

function readMember(from: ByteReader, protocolName: string): MemberFacts {
  const [memberId, instanceId] = [from.text(), from.nullableText()];
  const [clientId, clientHost] = [from.text(), from.text()];
  const [rebalanceTimeoutMs, sessionTimeoutMs] = [from.int32(), from.int32()];
  const protocols = [{ name: protocolName, metadata: from.bytes() }];
  const assignment = from.bytes();
  const timeouts = { rebalanceTimeoutMs, sessionTimeoutMs };
  return { memberId, instanceId, clientId, clientHost, ...timeouts, protocols, assignment };
}

function expectVersion(version: number, known: number): void {
  if (version !== known) throw new RangeError(`layout ${version} is not known, ${known} is`);
}
