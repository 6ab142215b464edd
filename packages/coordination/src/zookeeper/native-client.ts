import { registryError } from '../errors.ts';

/**
 * The npm package `zookeeper`, as far as it is used here; its own types say `any`. Every `a_` method takes a callback,
 * which has to be a new function each time, and returns a code: below zero, the callback is never called.
 */
export interface NativeClient {
  init(config: object): unknown;
  /** Synchronous; waits up to 1.5 s when the server does not answer. */
  close(): void;
  on(event: string, listener: (client: unknown, what: unknown) => void): unknown;
  /** Session id in hexadecimal. */
  readonly client_id: string;
  /** With the id, what a session is taken over with. */
  readonly client_password: string;
  /** Session timeout in ms; the server's once connected. */
  readonly timeout: number;
  a_create(path: string, data: Buffer, flags: number, reply: NativeReply<string>): number;
  a_exists(path: string, watch: boolean, reply: NativeReply<NativeStat>): number;
  a_get(path: string, watch: boolean, reply: NativeReply<NativeStat, Buffer>): number;
  a_get_children(path: string, watch: boolean, reply: NativeReply<string[]>): number;
  a_set(path: string, data: Buffer, version: number, reply: NativeReply<NativeStat>): number;
  a_delete_(path: string, version: number, reply: NativeReply<undefined>): number;
}

/** The results are there when the code is 0. */
export type NativeReply<First, Second = undefined> = (
  code: number,
  message: string,
  first: First,
  second: Second,
) => void;

export interface NativeStat {
  /** The transaction that created the node. */
  readonly czxid: number;
  readonly version: number;
  /** Session id in hexadecimal, '0' for a persistent node. */
  readonly ephemeralOwner: string;
}

export interface NativeClientClass {
  new (config: NativeConfig): NativeClient;
}

interface NativeConfig {
  readonly connect: string;
  readonly timeout: number;
  readonly debug_level: number;
  readonly response_counter_limit: number;
  readonly client_id?: string;
  readonly client_password?: string;
}

/** PACKAGE_MISSING when `zookeeper` is not installed or was not compiled for this Node. */
export async function loadNativeClient(): Promise<NativeClientClass> {
  try {
    const loaded: { readonly default: unknown } = await import('zookeeper');
    return loaded.default as NativeClientClass;
  } catch (cause) {
    throw registryError('PACKAGE_MISSING', 'the package zookeeper, which ZooKeeper needs, cannot be loaded', {
      cause,
      hint: 'npm install zookeeper (it compiles: make, a C compiler and Python 3), or npm rebuild zookeeper after another Node',
    });
  }
}
