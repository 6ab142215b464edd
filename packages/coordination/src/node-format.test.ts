import { codeOf } from '@millrace/runtime';
import fc from 'fast-check';
import { brokerNode, partitionNode, topicNode } from './cluster-nodes.ts';
import { assignmentNode, memberNode, offsetNode, subscriptionTo } from './group-nodes.ts';
import type { NodeFormat } from './node-format.ts';

const nodes = [
  shown('a broker', brokerNode, { nodeId: 1, endpoints: { external: { host: 'db.example', port: 9292 } } }),
  shown('a topic', topicNode, {
    id: 'i',
    name: 'n',
    replicas: [[1, 2], []],
    config: { a: 'b' },
    writer: 'w',
  }),
  shown('a deleted topic', topicNode, {
    id: 'i',
    name: 'n',
    replicas: [],
    config: {},
    deleted: true,
    writer: 'w',
  }),
  shown('a partition', partitionNode, {
    leader: 0,
    leaderIncarnation: 7,
    leaderEpoch: 3,
    inSync: [{ nodeId: 0, incarnation: 7 }],
    writer: 'w',
  }),
  shown('a partition without a leader', partitionNode, { leaderEpoch: 3, inSync: [], writer: 'w' }),
  shown('a member', memberNode, { subscription: { topics: ['a'] }, revokeTimeoutMs: 30_000 }),
  shown('a member by pattern', memberNode, {
    subscription: { pattern: '^a', flags: 'i' },
    revokeTimeoutMs: 1,
  }),
  shown('an assignment', assignmentNode, {
    generation: 2,
    topics: { t: 'i' },
    members: { m: { t: [0, 1] }, n: {} },
    cause: 'c',
    by: 'm',
  }),
  shown('an offset', offsetNode, { owner: 'm', generation: 1, claim: 2, offset: 0, writer: 'm' }),
  shown('an offset of nobody', offsetNode, { generation: 1, claim: 2, writer: 'm' }),
];

describe.each(nodes)('$what', ({ encoded, value, decode }) => {
  it('comes back as it was written', () => {
    expect(decode(encoded, '/x')).toEqual(value);
  });

  it('comes back also with fields that a later version added', () => {
    expect(decode(toJson({ ...value, later: { any: 1 } }), '/x')).toEqual(value);
  });

  it('is refused when a field is missing, naming the path and the field', () => {
    for (const field of Object.keys(value)) {
      if (optionalFields.includes(field)) continue;
      const { [field]: _gone, ...rest } = value;

      expect(() => decode(toJson(rest), '/some/where')).toThrow(
        expect.objectContaining({
          code: 'BAD_NODE',
          message: expect.stringMatching(new RegExp(`^/some/where: ${field} is missing`)),
        }),
      );
    }
  });

  it('is a value or BAD_NODE for any bytes', () => {
    const anything = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
      fc.dictionary(fc.constantFrom(...Object.keys(value)), fc.jsonValue()).map(toJson),
    );
    const outcomeOf = (data: Uint8Array): unknown => {
      try {
        return typeof decode(data, '/x');
      } catch (error) {
        return codeOf(error);
      }
    };
    fc.assert(
      fc.property(anything, (data) => {
        expect(['object', 'BAD_NODE']).toContain(outcomeOf(data));
      }),
    );
  });
});

describe('a node that is wrong', () => {
  it.each([
    ['not json', '/x: the value is not JSON'],
    ['[]', '/x: the value is [], not an object'],
    ['{"nodeId":-1}', '/x: nodeId is -1, not a whole number from 0'],
    ['{"nodeId":1,"endpoints":{"a":{"host":1}}}', '/x: endpoints.a.host is 1, not text'],
  ])('says what is wrong with %s', (text, message) => {
    expect(() => brokerNode.decode(Buffer.from(text), '/x')).toThrow(message);
  });

  it('is a member whose pattern is none', () => {
    const data = Buffer.from('{"subscription":{"pattern":"(","flags":""},"revokeTimeoutMs":1}');

    expect(() => memberNode.decode(data, '/x')).toThrow(expect.objectContaining({ code: 'BAD_NODE' }));
  });
});

describe('subscriptionTo', () => {
  it('forgets what makes a pattern remember, and names that come twice', () => {
    expect(subscriptionTo(/^log/giy)).toEqual({ pattern: '^log', flags: 'i' });
    expect(subscriptionTo(['a', 'b', 'a'])).toEqual({ topics: ['a', 'b'] });
  });
});

const optionalFields = ['leader', 'leaderIncarnation', 'deleted', 'owner', 'offset'];

function shown<Value extends object>(what: string, format: NodeFormat<Value>, value: Value) {
  const fields: { [name: string]: unknown } = Object.fromEntries(Object.entries(value));
  const decode = (data: Uint8Array, path: string): unknown => format.decode(data, path);
  return { what, encoded: format.encode(value), value: fields, decode };
}

function toJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
