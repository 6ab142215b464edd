import { registryError } from './errors.ts';
import type { Edit } from './registry-tree.ts';

/**
 * A change as the journal keeps it: one line of JSON, a list of edits. A put is `["p", path, base64, version, created]`
 * with the session at the end when the node is ephemeral, a removal `["r", path]`, the head of a snapshot
 * `["c", created, session]`. Values of the registry are small, so base64 costs nothing that counts.
 */
export function encodeChange(edits: readonly Edit[]): Uint8Array {
  return Buffer.from(JSON.stringify(edits.map(encodeEdit)));
}

/** BAD_NODE when the bytes are no change. */
export function decodeChange(change: Uint8Array): Edit[] {
  try {
    const edits: unknown = JSON.parse(Buffer.from(change).toString('utf8'));
    if (!Array.isArray(edits)) throw new TypeError('it is not a list');
    return edits.map(decodeEdit);
  } catch (cause) {
    throw registryError('BAD_NODE', `a change of the registry's history cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}

function encodeEdit(edit: Edit): readonly unknown[] {
  switch (edit.kind) {
    case 'put': {
      const put = ['p', edit.path, Buffer.from(edit.data).toString('base64'), edit.version, edit.created];
      return edit.session === undefined ? put : [...put, edit.session];
    }
    case 'remove':
      return ['r', edit.path];
    case 'clear':
      return ['c', edit.created, edit.session];
  }
}

function decodeEdit(edit: unknown): Edit {
  if (!Array.isArray(edit)) throw new TypeError('an edit is not a list');
  const [kind, ...fields]: unknown[] = edit;
  switch (kind) {
    case 'p':
      return {
        kind: 'put',
        path: text(fields[0]),
        data: Buffer.from(text(fields[1]), 'base64'),
        version: count(fields[2]),
        created: count(fields[3]),
        session: fields[4] === undefined ? undefined : count(fields[4]),
      };
    case 'r':
      return { kind: 'remove', path: text(fields[0]) };
    case 'c':
      return { kind: 'clear', created: count(fields[0]), session: count(fields[1]) };
    default:
      throw new TypeError(`there is no edit ${JSON.stringify(kind)}`);
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${JSON.stringify(value)} is not text`);
  return value;
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${JSON.stringify(value)} is not a whole number`);
  return Number(value);
}
