import { hasCode, type World } from '@millrace/runtime';
import { refuseClassicGroup } from './group-kind.ts';
import { type MemberNode, memberNode } from './group-nodes.ts';
import { paths } from './paths.ts';
import type { Registry } from './registry.ts';

const retryMs = 100;

/** Rules 2 and 3: an id that was never used; a node counts as mine only if this session owns it. */
export async function registerMember(
  registry: Registry,
  group: string,
  node: MemberNode,
  world: World,
  signal: AbortSignal,
): Promise<{ memberId: string; created: number }> {
  const data = memberNode.encode(node);
  let memberId = world.random.uuid();
  for (;;) {
    try {
      const found = await registry.get(paths.member(group, memberId));
      if (found?.owned === true) return { memberId, created: found.created };
      if (found !== undefined) memberId = world.random.uuid();
      await refuseClassicGroup(registry, group);
      const { created } = await registry.create(paths.member(group, memberId), data, { ephemeral: true });
      // Somebody may have claimed the name in between. The caller ends the session, and with it the member.
      await refuseClassicGroup(registry, group);
      return { memberId, created };
    } catch (error) {
      if (hasCode(error, 'NODE_EXISTS')) continue;
      if (!hasCode(error, 'OUTCOME_UNKNOWN')) throw error;
    }
    await world.clock.sleep(retryMs, signal);
  }
}
