import type { ApiName, Connection, RequestOf, ResponseOf } from '@millrace/protocol';

/** What a broker may hold for long before it answers. */
const parking: ReadonlySet<ApiName> = new Set<ApiName>(['fetch', 'joinGroup', 'syncGroup']);

/**
 * Where answers come in the order of the questions, a question that is held holds up all that come after it. So those that
 * may be held go over a connection of their own, which is opened with the first of them.
 */
export class ParkingConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #prompt: Connection;
  readonly #open: () => Promise<Connection>;
  #parked: Promise<Connection> | undefined;
  #isClosed = false;

  /** `open`: another one to the same broker. */
  constructor(prompt: Connection, open: () => Promise<Connection>) {
    this.#prompt = prompt;
    this.#open = open;
    this.closed = prompt.closed.then(() => this.#closeParked());
  }

  async call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (!parking.has(api) || this.#isClosed) return this.#prompt.call(api, request);
    this.#parked ??= this.#openParked();
    return (await this.#parked).call(api, request);
  }

  async close(): Promise<void> {
    await Promise.all([this.#prompt.close(), this.#closeParked()]);
  }

  /** One that has failed, or ended, is opened again by the next who needs it. */
  async #openParked(): Promise<Connection> {
    const forget = (): void => {
      this.#parked = undefined;
    };
    try {
      const opened = await this.#open();
      void opened.closed.then(forget);
      return opened;
    } catch (error) {
      forget();
      throw error;
    }
  }

  async #closeParked(): Promise<void> {
    this.#isClosed = true;
    const parked = await this.#parked?.catch(() => undefined);
    await parked?.close();
  }
}
