import { isErrorCode, type RequestOf, type ResponseOf } from '@millrace/protocol';
import { codeOf } from '@millrace/runtime';
import type { Leader } from './cluster.ts';
import { clientError } from './errors.ts';
import { leaderMayHaveMoved } from './retry.ts';

type Request = RequestOf<'listOffsets'>;
type Answer = ResponseOf<'listOffsets'>['partitions'][number];

interface Asked {
  readonly wanted: Request['partitions'][number];
  /** Its place among the answers. */
  readonly index: number;
}

/** How the leaders of partitions are found. */
export interface LeaderLookup {
  find(topic: string, partition: number): Promise<Leader>;
  forget(topic: string): void;
}

/**
 * One question for offsets, put to the leader of each partition; brokers are asked side by side. `attempt` may be
 * repeated: it asks again only for those whose leader has moved, and rejects with a retriable code while there are any.
 */
export class LeaderOffsets {
  readonly #request: Request;
  readonly #leaders: LeaderLookup;
  readonly #answers: (Answer | undefined)[];
  #left: readonly Asked[];
  #refusal: Error | undefined;

  constructor(request: Request, leaders: LeaderLookup) {
    this.#request = request;
    this.#leaders = leaders;
    this.#answers = request.partitions.map(() => undefined);
    this.#left = request.partitions.map((wanted, index) => ({ wanted, index }));
  }

  /** What the last attempt rejected with, if some partition's leader had moved. */
  get refusal(): Error | undefined {
    return this.#refusal;
  }

  /** What was answered, in the order asked; undefined while a partition has no answer at all. */
  get response(): ResponseOf<'listOffsets'> | undefined {
    const partitions = this.#answers.filter((answer) => answer !== undefined);
    return partitions.length === this.#answers.length ? { partitions } : undefined;
  }

  async attempt(): Promise<ResponseOf<'listOffsets'>> {
    const byLeader = await this.#byLeader();
    await Promise.all([...byLeader.values()].map(({ leader, asked }) => this.#ask(leader, asked)));
    this.#left = this.#left.filter(({ index }) => moved(this.#answers[index]));
    const [first] = this.#left;
    if (first === undefined) return { partitions: this.#answers.filter((answer) => answer !== undefined) };
    for (const { wanted } of this.#left) this.#leaders.forget(wanted.topic);
    const { topic, partition } = first.wanted;
    const { error = 'UNKNOWN_SERVER_ERROR', message } = this.#answers[first.index] ?? {};
    this.#refusal = clientError(error, message ?? `the offsets of ${topic}-${partition}: ${error}`, {
      retriable: true,
      details: { topic, partition },
    });
    throw this.#refusal;
  }

  async #byLeader(): Promise<ReadonlyMap<number, { leader: Leader; asked: Asked[] }>> {
    const byLeader = new Map<number, { leader: Leader; asked: Asked[] }>();
    const found = await Promise.all(
      this.#left.map(async (asked) => ({ asked, leader: await this.#leaderFor(asked) })),
    );
    for (const { asked, leader } of found) {
      if (leader === undefined) continue;
      const same = byLeader.get(leader.nodeId);
      if (same === undefined) byLeader.set(leader.nodeId, { leader, asked: [asked] });
      else same.asked.push(asked);
    }
    return byLeader;
  }

  /** undefined, and an answer, when the protocol has a word for why there is none. */
  async #leaderFor({ wanted: { topic, partition }, index }: Asked): Promise<Leader | undefined> {
    try {
      return await this.#leaders.find(topic, partition);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || !isErrorCode(code)) throw error;
      this.#answers[index] = { topic, partition, error: code, message: (error as Error).message };
      return undefined;
    }
  }

  async #ask({ connection }: Leader, asked: readonly Asked[]): Promise<void> {
    try {
      const partitions = asked.map(({ wanted }) => wanted);
      const answer = await connection.call('listOffsets', { ...this.#request, partitions });
      for (const [place, { wanted, index }] of asked.entries())
        this.#answers[index] = answerFor(wanted, answer.partitions[place]);
    } catch (error) {
      if (leaderMayHaveMoved(error)) for (const { wanted } of asked) this.#leaders.forget(wanted.topic);
      throw error;
    }
  }
}

function moved(answer: Answer | undefined): boolean {
  return answer !== undefined && answer.error !== 'NONE' && leaderMayHaveMoved({ code: answer.error });
}

/** One for another partition is none. */
function answerFor({ topic, partition }: Asked['wanted'], answer: Answer | undefined): Answer {
  if (answer?.topic === topic && answer.partition === partition) return answer;
  return { topic, partition, error: 'UNKNOWN_SERVER_ERROR', message: `${topic}-${partition}: no answer` };
}
