import type { Duplex } from 'node:stream';
import type { World } from '@millrace/runtime';
import { messageOf } from './errors.ts';

/**
 * What the kernel did with one call: bytes moved (0: the file ends here), `full`: the socket takes nothing at the moment,
 * `refused`: it cannot be done this way, or the socket is broken.
 */
export type Copied = number | 'full' | 'refused';

/** sendfile(2): from a file to a socket without passing through this process. */
export interface KernelCopy {
  /** The socket by a number of our own, which stays this socket's until closed. Undefined when there is none to be had. */
  open(socket: number): number | undefined;
  /** Runs on another thread, so that a slow disk stops nobody; takes no more than the socket has room for. */
  copy(socket: number, file: number, position: number, length: number): Promise<Copied>;
  close(socket: number): void;
}

/** The part of koffi used here. */
interface ForeignFunction {
  (...args: readonly unknown[]): number;
  async(...args: readonly unknown[]): void;
}
interface Koffi {
  load(library: null): { func(prototype: string): ForeignFunction };
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

/** IPPROTO_TCP and TCP_NOTSENT_LOWAT on Linux. */
const tcpLevel = 6;
const unsentLowWater = 25;
/**
 * How much the kernel may hold of what a peer has no room for. Its memory for TCP is shared by all connections: the more
 * of them are being sent to, the less it is for each, from the first on that is sent to then.
 */
const unsentBytes = { least: 512 * 1024, most: 4 * 1024 * 1024, together: 64 * 1024 * 1024 };
/** fcntl's F_DUPFD_CLOEXEC on Linux, whatever the processor. */
const duplicateAndCloseOnExec = 1030;

/**
 * Finds sendfile once somebody has something to send: most processes never do, and it costs some 20 ms. Until it is
 * there, or where it is not (another platform, koffi not installed), ranges are read and written.
 */
export class KernelCopyFinder {
  readonly #world: World;
  readonly #load: () => Promise<KernelCopy | undefined>;
  #found: KernelCopy | undefined;
  #looking = false;

  constructor(world: World, load: () => Promise<KernelCopy | undefined> = loadKernelCopy) {
    this.#world = world;
    this.#load = load;
  }

  /** What has been found so far; the first call begins to look. */
  get found(): KernelCopy | undefined {
    if (!this.#looking) {
      this.#looking = true;
      this.#load().then(
        (found) => {
          this.#found = found;
        },
        (error: unknown) =>
          this.#world.logger.debug({ reason: messageOf(error) }, 'no zero copy: files are read and written'),
      );
    }
    return this.#found;
  }
}

/** Undefined on platforms without; rejects where koffi is not installed. */
export async function loadKernelCopy(): Promise<KernelCopy | undefined> {
  if (process.platform !== 'linux') return undefined;
  // Its name is a value and no literal in an `import()`: it finds its native part only where npm put it, so that no
  // bundler may pull it in.
  const koffi = await importKoffi('koffi');
  // The C library is in the process already, whatever its name on this system.
  const library = koffi.load(null);
  const sendfile = library.func('int64_t sendfile(int out, int in, int64_t *offset, size_t count)');
  const duplicate = library.func('int fcntl(int descriptor, int command, ...)');
  const setOption = library.func('int setsockopt(int, int level, int option, int *value, uint32_t size)');
  const close = library.func('int close(int descriptor)');
  const full = koffi.os.errno['EAGAIN'];
  let opened = 0;
  return {
    open: (socket) => {
      const own = duplicate(socket, duplicateAndCloseOnExec, 'int', 0);
      if (own < 0) return undefined;
      // Where the kernel does not know it, a stuck peer holds some megabytes of the kernel's.
      opened += 1;
      setOption(own, tcpLevel, unsentLowWater, [unsentBytesOfOneOf(opened)], 4);
      return own;
    },
    copy: (socket, file, position, length) =>
      new Promise((resolve) => {
        sendfile.async(socket, file, [position], length, (error: unknown, count: number) => {
          if (!error && count >= 0) resolve(count);
          else resolve(!error && koffi.errno() === full ? 'full' : 'refused');
        });
      }),
    close: (socket) => {
      opened -= 1;
      close(socket);
    },
  };
}

function unsentBytesOfOneOf(connections: number): number {
  const { least, most, together } = unsentBytes;
  return Math.min(Math.max(Math.floor(together / connections), least), most);
}

async function importKoffi(name: string): Promise<Koffi> {
  const module = (await import(name)) as Koffi | { default: Koffi };
  return 'default' in module ? module.default : module;
}

/**
 * The descriptor of a plain TCP socket, as long as it is open. Under TLS there is one as well, and what is written to it
 * must be encrypted: so it is the kind of handle that counts.
 */
export function plainSocketOf(stream: Duplex): number | undefined {
  if (!('_handle' in stream)) return undefined;
  const handle = stream._handle;
  if (typeof handle !== 'object' || handle === null || handle.constructor.name !== 'TCP') return undefined;
  return 'fd' in handle && typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
