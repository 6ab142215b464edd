import type { OffsetNode } from './group-nodes.ts';
import {
  changesOf,
  claimed,
  claimStep,
  committed,
  quietLeftMs,
  readBack,
  released,
  waitForOwnerMs,
} from './group-rules.ts';

const free: OffsetNode = { generation: 3, claim: 4, offset: 10, writer: 'x' };
const mine: OffsetNode = { ...free, owner: 'me', writer: 'me' };
const theirs: OffsetNode = { ...free, owner: 'you', writer: 'you' };

describe('claimStep', () => {
  it.each([
    ['takes a partition that has no node', undefined, 3, 'take'],
    ['takes one that nobody owns', free, 3, 'take'],
    ['takes one whose release it did not hear of', mine, 3, 'take'],
    ['asks for the owner first', theirs, 3, 'ask-owner'],
    ['reads the assignment when the node knows a later one', theirs, 2, 'read-assignment'],
    ['reads the assignment also when nobody owns the partition', free, 2, 'read-assignment'],
    ['goes by a later assignment than the owner did', theirs, 4, 'ask-owner'],
  ] as const)('%s', (_, node, generation, step) => {
    expect(claimStep(node, 'me', generation)).toBe(step);
  });
});

describe('waitForOwnerMs', () => {
  it.each([
    ['waits for nobody who is not there', undefined, 0, 0],
    ['grants an owner its time and a second', { revokeTimeoutMs: 30_000 }, 0, 31_000],
    ['counts from when the partition was to be mine', { revokeTimeoutMs: 30_000 }, 30_500, 500],
    ['ends', { revokeTimeoutMs: 30_000 }, 31_000, 0],
    ['does not become negative', { revokeTimeoutMs: 0 }, 99_000, 0],
  ])('%s', (_, owner, sinceMs, waitMs) => {
    expect(waitForOwnerMs(owner, sinceMs)).toBe(waitMs);
  });
});

describe('quietLeftMs', () => {
  it.each([
    [0, 100],
    [850, 100],
    [950, 50],
    [1000, 0],
    [5000, 0],
  ])('%i ms after the first change is %i', (sinceFirstMs, leftMs) => {
    expect(quietLeftMs(sinceFirstMs)).toBe(leftMs);
  });
});

describe('a written offset', () => {
  it('is kept by a claim, which counts on', () => {
    expect(claimed(theirs, 'me', 7)).toEqual({
      owner: 'me',
      generation: 7,
      claim: 5,
      offset: 10,
      writer: 'me',
    });
    expect(claimed(undefined, 'me', 1)).toEqual({ owner: 'me', generation: 1, claim: 1, writer: 'me' });
  });

  it('is replaced by a commit, and nothing else is', () => {
    expect(committed(mine, 11)).toEqual({ ...mine, offset: 11 });
  });

  it('is left by a release that knows no other', () => {
    expect(released(mine, undefined)).toEqual({ ...free, writer: 'me' });
    expect(released(mine, 12)).toEqual({ ...free, writer: 'me', offset: 12 });
  });
});

describe('readBack', () => {
  const commit = committed(mine, 11);
  const release = released(mine, 11);

  it.each([
    ['a commit that is there', commit, commit, 'landed'],
    ['a commit that is not', mine, commit, 'mine'],
    ['an older commit of mine', committed(mine, 5), commit, 'mine'],
    ['a release that is there', release, release, 'landed'],
    ['a release that is not', mine, release, 'mine'],
    ['another claim of mine', { ...mine, claim: 5 }, commit, 'fenced'],
    ['another owner', theirs, commit, 'fenced'],
    ['a tool that sought', { ...free, claim: 5, offset: 11, writer: 'tool' }, release, 'fenced'],
    ['nothing', undefined, commit, 'fenced'],
    ['what I have, when nothing was written', mine, undefined, 'mine'],
    ['another owner, when nothing was written', theirs, undefined, 'fenced'],
  ] as const)('finds %s', (_, found, written, outcome) => {
    expect(readBack(found, mine, written)).toBe(outcome);
  });
});

describe('changesOf', () => {
  it('releases what left, claims what is new, and leaves the rest alone', () => {
    expect(changesOf(new Set(['a', 'b']), new Set(['b', 'c']))).toEqual({ release: ['c'], claim: ['a'] });
  });
});
