import { paths, type Registry } from '@millrace/coordination';
import { tryCreate, trySet, type Writer } from './compare-and-set.ts';
import { apiError } from './errors.ts';

/** Ids taken from the registry at a time. */
const blockSize = 1_000;

/** What lies at the node: the first id that nobody has been given yet. */
interface ProducerIdNode {
  readonly next: number;
  readonly writer: string;
}

/** Producer ids that no one else in the cluster is given: taken in blocks by compare-and-set on one node. */
export class ProducerIds {
  readonly #session: () => Registry;
  readonly #writer: Writer;
  #next = 0;
  #end = 0;
  #taking: Promise<void> | undefined;

  constructor(session: () => Registry, writer: Writer) {
    this.#session = session;
    this.#writer = writer;
  }

  async next(): Promise<number> {
    while (this.#next === this.#end) {
      this.#taking ??= this.#takeBlock().finally(() => {
        this.#taking = undefined;
      });
      await this.#taking;
    }
    return this.#next++;
  }

  async #takeBlock(): Promise<void> {
    const registry = this.#session();
    for (;;) {
      const found = await registry.get(paths.producerIds);
      const first = found === undefined ? 0 : decode(found.data);
      const data = this.#encode(first + blockSize);
      const taken =
        found === undefined
          ? await tryCreate(registry, paths.producerIds, data)
          : await trySet(registry, paths.producerIds, data, found.version);
      if (!taken) continue;
      this.#next = first;
      this.#end = first + blockSize;
      return;
    }
  }

  #encode(next: number): Uint8Array {
    const node: ProducerIdNode = { next, writer: this.#writer() };
    return Buffer.from(JSON.stringify(node));
  }
}

function decode(data: Uint8Array): number {
  const node: unknown = JSON.parse(Buffer.from(data).toString());
  const next = typeof node === 'object' && node !== null && 'next' in node ? node.next : undefined;
  if (typeof next === 'number' && Number.isSafeInteger(next) && next >= 0) return next;
  throw apiError('UNKNOWN_SERVER_ERROR', `the node ${paths.producerIds} names no next producer id`);
}
