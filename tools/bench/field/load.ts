// One client in a process of its own: `load.ts CLIENT PORT WORK` with `WORK` as JSON; answers with a line of JSON.
import { type Load, messageBytes, messagesInFlight } from './peer.ts';
import { clientNamed } from './peers.ts';
import { spread } from './spread.ts';

export type Work =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'produce'; readonly batch: number; readonly seconds: number; readonly most: number }
  | { readonly kind: 'consume'; readonly messages: number; readonly seconds: number }
  | { readonly kind: 'latency'; readonly perSecond: number; readonly seconds: number };

export interface Answer {
  readonly messages: number;
  readonly seconds: number;
  /** What this process used meanwhile. */
  readonly cpuSeconds: number;
  /** Of acknowledgements, ms, for `latency`. */
  readonly latency?: { readonly p50: number; readonly p99: number; readonly p999: number };
}

const value = Buffer.alloc(messageBytes, 'x');

async function produce(load: Load, batch: number, seconds: number, most: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let messages = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until && messages < most) {
      messages += batch;
      await load.send(value, batch);
    }
  };
  await Promise.all(Array.from({ length: messagesInFlight / batch }, lane));
  return messages;
}

/** Until all have come, or the time is up; counts from the first message on. */
async function consume(load: Load, messages: number, seconds: number): Promise<[number, number]> {
  let [count, began, last] = [0, 0, 0];
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(resolve, seconds * 1000);
    const reading = load.consume((more) => {
      if (more === 0) return;
      if (began === 0) began = performance.now();
      count += more;
      last = performance.now();
      if (count < messages) return;
      clearTimeout(late);
      resolve();
    });
    reading.catch(reject);
  });
  return [count, (last - began) / 1000];
}

/** Messages are due at even distances, whether or not those before are acknowledged: a stall is counted in full. */
async function latency(load: Load, perSecond: number, seconds: number): Promise<number[]> {
  const all: Promise<number>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < perSecond * seconds; ) {
    const due = Math.min(perSecond * seconds, ((performance.now() - began) / 1000) * perSecond);
    for (; sent < due; sent += 1) {
      const dueAt = began + (sent / perSecond) * 1000;
      all.push(load.send(value, 1).then(() => performance.now() - dueAt));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Promise.all(all);
}

async function work(load: Load, task: Work): Promise<Answer> {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const answer = (messages: number, seconds = (performance.now() - began) / 1000): Answer => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { messages, seconds, cpuSeconds: (user + system) / 1e6 };
  };
  switch (task.kind) {
    case 'prepare':
      await load.prepare();
      return answer(0);
    case 'produce':
      return answer(await produce(load, task.batch, task.seconds, task.most));
    case 'consume':
      return answer(...(await consume(load, task.messages, task.seconds)));
    case 'latency': {
      const times = await latency(load, task.perSecond, task.seconds);
      return { ...answer(times.length), latency: spread(times) };
    }
  }
}

const [name = '', port = '', ...tasks] = process.argv.slice(2);
const load = await clientNamed(name).connect(Number(port));
for (const task of tasks) console.log(JSON.stringify(await work(load, JSON.parse(task) as Work)));
await Promise.race([load.close(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
process.exit(0);
