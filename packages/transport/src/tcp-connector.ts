import { createConnection, type Socket } from 'node:net';
import type { Connector } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type ConnectOptions, connectOver } from './client-connection.ts';
import { transportError } from './errors.ts';
import { ParkingConnection } from './parking-connection.ts';
import { systemReason } from './system-reason.ts';

/**
 * Connections over TCP; where the codec keeps answers in order, two of them, so that a question that is held holds up no
 * other. BROKER_UNREACHABLE when none comes about within `connectTimeoutMs` (5 s).
 */
export function tcpConnector(
  options: ConnectOptions & { connectTimeoutMs?: number },
  world: World = nodeWorld,
): Connector {
  const open: Connector = async ({ host, port }, signal) => {
    signal?.throwIfAborted();
    const socket = createConnection({ host, port, noDelay: true });
    await connected(socket, `${host}:${port}`, options.connectTimeoutMs ?? 5_000, world, signal);
    return connectOver(socket, options, world);
  };
  if (!options.codec.ordered) return open;
  return async (node, signal) => new ParkingConnection(await open(node, signal), () => open(node));
}

function connected(
  socket: Socket,
  address: string,
  timeoutMs: number,
  world: World,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = world.clock.after(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
    const aborted = (): void => {
      settle();
      socket.destroy();
      reject(signal?.reason as Error);
    };
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', aborted);
      socket.off('error', failed).off('connect', succeed);
    };
    const fail = (why: string, cause?: Error): void => {
      settle();
      // A late error of a socket that nobody wants any more.
      socket.on('error', () => {}).destroy();
      reject(unreachable(address, why, cause));
    };
    const failed = (error: Error): void => fail(systemReason(error), error);
    const succeed = (): void => {
      settle();
      resolve();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    socket.once('error', failed).once('connect', succeed);
  });
}

function unreachable(address: string, why: string, cause?: Error): Error {
  return transportError('BROKER_UNREACHABLE', `no broker at ${address}: ${why}`, {
    retriable: true,
    hint: `is it running? \`npx millrace start --listen ${address}\``,
    details: { address, reason: why },
    ...(cause === undefined ? {} : { cause }),
  });
}
