import { channel } from 'node:diagnostics_channel';
import type { ApiName, BrokerApi, CallContext } from '@millrace/protocol';
import type { World } from '@millrace/runtime';

/** One question that has come to a broker, as `millrace:request:start` tells it. */
export type RequestStart = Pick<RequestEvent, 'nodeId' | 'api' | 'listener' | 'request'>;

/** One question that a broker has answered, as `millrace:request` of `node:diagnostics_channel` tells it. */
export interface RequestEvent {
  readonly nodeId: number;
  readonly api: ApiName;
  /** Through which door; in process questions go through none, and are not told of. */
  readonly listener: string;
  /** From its arrival until the answer was ready, waiting included. */
  readonly ms: number;
  readonly request: object;
  /** Only to be looked at: its bytes belong to whoever sends them. */
  readonly response?: object;
  /** Why it failed as a whole. */
  readonly error?: unknown;
}

export const requestChannelName = 'millrace:request';
export const requestStartChannelName = 'millrace:request:start';

const requests = channel(requestChannelName);
const starts = channel(requestStartChannelName);

type AnyHandler = (request: object, context: CallContext) => Promise<object>;

/** The same answers; each is told of when somebody listens, and costs next to nothing when nobody does. */
export function observed(api: Partial<BrokerApi>, nodeId: number, { clock }: World): Partial<BrokerApi> {
  const tell = async (
    name: ApiName,
    handler: AnyHandler,
    request: object,
    context: CallContext,
  ): Promise<object> => {
    const began = clock.monotonic();
    const told = { nodeId, api: name, listener: context.listener, request } satisfies RequestStart;
    starts.publish(told);
    try {
      const response = await handler(request, context);
      requests.publish({ ...told, ms: clock.monotonic() - began, response } satisfies RequestEvent);
      return response;
    } catch (error) {
      requests.publish({ ...told, ms: clock.monotonic() - began, error } satisfies RequestEvent);
      throw error;
    }
  };
  const handlers = Object.entries(api) as unknown as [ApiName, AnyHandler][];
  return Object.fromEntries(
    handlers.map(([name, handler]) => [
      name,
      (request: object, context: CallContext) =>
        requests.hasSubscribers ? tell(name, handler, request, context) : handler(request, context),
    ]),
  ) as Partial<BrokerApi>;
}
