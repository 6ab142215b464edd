import { timeoutWith } from '../abortable-timers.ts';
import type { Clock, Timer } from '../clock.ts';
import type { FileLock, FileSystem, OpenFile } from '../file-system.ts';
import type { Logger } from '../logger.ts';
import type { World } from '../world.ts';
import { Life } from './life.ts';

export interface Killable {
  /** What the program to be killed is given. Its files have no descriptor, so that nothing passes by. */
  readonly world: World;
  /** Calls of clock, files, chance and host so far. */
  readonly calls: number;
  readonly killed: boolean;
  /** Kills when call number `call` (from 1) is made: that one has no effect any more. */
  killAt(call: number): void;
  /** Idempotent. */
  kill(): void;
  /** Called when it is killed, at once when it is: to cut what a world does not hold, sessions and connections. */
  onKill(cut: () => void): void;
}

/**
 * Cuts a program off from its world at its N-th call: a crash at any await (protocols §I). Afterwards no promise it was
 * handed settles, no timer fires and nothing is written; its locks and open files are let go, as when a process dies.
 */
export function killable(world: World): Killable {
  const life = new Life();
  const { name, pid, bootId } = world.host;
  return {
    world: {
      clock: mortalClock(world.clock, life),
      files: mortalFiles(world.files, life, world.logger),
      random: {
        int: (below) => counted(life, () => world.random.int(below)),
        uuid: () => counted(life, () => world.random.uuid()),
      },
      host: {
        name,
        pid,
        bootId,
        processAlive: (other) => counted(life, () => world.host.processAlive(other)),
        freeBytes: (path) => life.ask(() => world.host.freeBytes(path)),
      },
      logger: mortalLogger(world.logger, life),
    },
    get calls() {
      return life.calls;
    },
    get killed() {
      return life.ended;
    },
    killAt: (call) => life.endAt(call),
    kill: () => life.end(),
    onKill: (cut) => void life.atEnd(cut),
  };
}

/** What answers at once answers the dead too: they run on to their next await and stop there. */
function counted<Answer>(life: Life, call: () => Answer): Answer {
  life.step();
  return call();
}

function mortalClock(clock: Clock, life: Life): Clock {
  const after = (ms: number, fire: () => void): Timer => {
    if (!life.step()) return { cancel: () => {} };
    const timer = clock.after(ms, () => {
      forget();
      fire();
    });
    const forget = life.atEnd(() => timer.cancel());
    return {
      cancel: () => {
        forget();
        timer.cancel();
      },
    };
  };
  return {
    after,
    now: () => counted(life, () => clock.now()),
    monotonic: () => counted(life, () => clock.monotonic()),
    timeout: (ms) => timeoutWith(after, ms),
    sleep: (ms, signal) =>
      life.ask(async () => {
        const death = new AbortController();
        const forget = life.atEnd(() => death.abort());
        const either = signal === undefined ? death.signal : AbortSignal.any([signal, death.signal]);
        await clock.sleep(ms, either).finally(forget);
      }),
    endOfTurn: (fire) => {
      if (!life.step()) return;
      clock.endOfTurn(() => {
        if (!life.ended) fire();
      });
    },
  };
}

function mortalFiles(files: FileSystem, life: Life, logger: Logger): FileSystem {
  /** Lets go of a lock or a file as the kernel does for a process that dies. */
  const letGo = (what: string, free: () => Promise<void>) => () => {
    free().catch((error: unknown) => logger.error({ error }, `cannot let go of ${what} of the killed`));
  };
  return {
    open: (path, mode) =>
      life.ask(async () => {
        const file = await files.open(path, mode);
        const forget = life.atEnd(letGo(path, () => file.close()));
        return mortalFile(file, life, forget);
      }),
    lock: (path, notes) =>
      life.ask(async () => {
        const lock = await files.lock(path, notes);
        const forget = life.atEnd(letGo(path, () => lock.release()));
        return mortalLock(lock, life, forget);
      }),
    list: (directory) => life.ask(() => files.list(directory)),
    ensureDirectory: (path) => life.ask(() => files.ensureDirectory(path)),
    syncDirectory: (path) => life.ask(() => files.syncDirectory(path)),
    rename: (from, to) => life.ask(() => files.rename(from, to)),
    remove: (path) => life.ask(() => files.remove(path)),
    exists: (path) => life.ask(() => files.exists(path)),
  };
}

function mortalFile(file: OpenFile, life: Life, forget: () => void): OpenFile {
  return {
    descriptor: undefined,
    size: () => life.ask(() => file.size()),
    read: (position, length) => life.ask(() => file.read(position, length)),
    append: (chunks) => life.ask(() => file.append(chunks)),
    truncate: (size) => life.ask(() => file.truncate(size)),
    sync: () => life.ask(() => file.sync()),
    close: () =>
      life.ask(() => {
        forget();
        return file.close();
      }),
  };
}

function mortalLock(lock: FileLock, life: Life, forget: () => void): FileLock {
  return {
    annotate: (notes) => life.ask(() => lock.annotate(notes)),
    release: () =>
      life.ask(() => {
        forget();
        return lock.release();
      }),
  };
}

function mortalLogger(logger: Logger, life: Life): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      if (!life.ended) logger[level](fields, message);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
