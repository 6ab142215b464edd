import type { BrokerApi } from '@millrace/protocol';

type AnyHandler = (request: unknown, context: unknown) => Promise<never>;

/** An API behind a closed gate. */
export interface GatedApi {
  /** What listeners serve. Once the gate is open a call reaches its handler in the same turn, as without a gate. */
  readonly api: Partial<BrokerApi>;
  open(): void;
}

/**
 * Ports are bound before the broker registers, since it registers what was really bound; whoever connects in between
 * waits, instead of hearing that a broker which is about to serve knows nothing.
 */
export function gateApi(api: Partial<BrokerApi>): GatedApi {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const gated = Object.fromEntries(
    Object.entries(api).map(([name, handler]) => [
      name,
      async (request: unknown, context: unknown) => {
        await opened;
        return (handler as AnyHandler)(request, context);
      },
    ]),
  ) as Partial<BrokerApi>;
  return {
    api: gated,
    open: () => {
      Object.assign(gated, api);
      open();
    },
  };
}
