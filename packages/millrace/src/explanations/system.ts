import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

const files = 'Opening, reading or writing files, most of all those of the data directory.';
const connections = 'Connecting to a broker; mostly as the reason of BROKER_UNREACHABLE.';

/** Codes of the operating system, as Node passes them on. */
export const systemExplanations = {
  EACCES: {
    meaning: 'This user may not read or write there.',
    why: 'The file or directory belongs to another user, or its permissions forbid it.',
    cure: 'Choose another place, or change its permissions (`ls -ld` shows them).',
    retry: 'No.',
    from: files,
  },
  EPERM: {
    meaning: 'The system does not allow this user to do that.',
    why: 'The file is protected, belongs to somebody else, or the file system cannot do what was asked.',
    cure: 'Choose another place, or change its permissions.',
    retry: 'No.',
    from: files,
  },
  EROFS: {
    meaning: 'The disk is mounted read-only.',
    why: 'It was mounted so, or the system did it after an error of the disk.',
    cure: 'Choose another place; if this one was writable before, check the disk.',
    retry: 'No.',
    from: files,
  },
  ENOSPC: {
    meaning: 'The disk is full.',
    why: 'No bytes, or no files (inodes), are left: `df -h` and `df -i` show both.',
    cure: 'Make room and try again.',
    retry: 'Yes, once there is room.',
    from: files,
  },
  EDQUOT: {
    meaning: 'This user may store no more on this disk.',
    why: 'A quota is used up.',
    cure: 'Make room, or have the quota raised.',
    retry: 'Yes, once there is room.',
    from: files,
  },
  EFBIG: {
    meaning: 'The file would be larger than the system allows.',
    why: 'A limit of the file system, or `ulimit -f`.',
    cure: 'Raise the limit, or let the topic have smaller segments (segment.bytes).',
    retry: 'No.',
    from: files,
  },
  EIO: {
    meaning: 'The disk failed to read or write.',
    why: 'The disk, its cable or its controller is broken; on a network, the server is gone.',
    cure: 'Look at the system’s log (`dmesg`), and copy what matters elsewhere.',
    retry: 'No.',
    from: files,
  },
  ENOTDIR: {
    meaning: 'A part of the path is a file, not a directory.',
    why: 'The path is wrong, or a file lies where a directory was expected.',
    cure: 'Choose another place, or move the file away.',
    retry: 'No.',
    from: files,
  },
  EISDIR: {
    meaning: 'A directory lies where a file was expected.',
    why: 'The path is wrong, or somebody made the directory.',
    cure: 'Choose another place, or move the directory away.',
    retry: 'No.',
    from: files,
  },
  ENOENT: {
    meaning: 'A file or directory is not there.',
    why: 'The path is wrong, or somebody removed it while it was in use.',
    cure: 'Look at the path that the message names.',
    retry: 'No.',
    from: files,
  },
  EMFILE: {
    meaning: 'This process has too many files and connections open.',
    why: 'Each segment of a log and each connection counts; `ulimit -n` shows the limit.',
    cure: 'Raise the limit with `ulimit -n`, then start again.',
    retry: 'Yes, once fewer are open.',
    from: 'Opening files and connections.',
  },
  ENFILE: {
    meaning: 'The whole machine has too many files open.',
    why: 'All programs together are over the limit of the system.',
    cure: 'Stop what is not needed, or raise fs.file-max.',
    retry: 'Yes, once fewer are open.',
    from: 'Opening files and connections.',
  },
  EADDRINUSE: {
    meaning: 'Another program listens on that port already.',
    why: 'See ADDRESS_IN_USE, under which Millrace reports it.',
    cure: 'Stop that program, or choose another port.',
    retry: 'Yes, once the port is free.',
    from: 'Listening on a port.',
  },
  EADDRNOTAVAIL: {
    meaning: 'The address is not one of this machine.',
    why: 'See ADDRESS_UNAVAILABLE, under which Millrace reports it.',
    cure: 'Use 127.0.0.1 or an address that `ip addr` shows.',
    retry: 'No.',
    from: 'Listening on a port.',
  },
  ECONNREFUSED: {
    meaning: 'The machine is there, but nothing listens on that port.',
    why: 'The broker is not running, or listens on another port or address.',
    cure: 'Start it, or name the right port.',
    retry: 'Yes, once a broker listens.',
    from: connections,
  },
  ECONNRESET: {
    meaning: 'The other side broke the connection off.',
    why: 'It crashed or was stopped, or something in between cut the connection.',
    cure: 'See whether the broker runs.',
    retry: 'Yes. Clients do so by themselves.',
    from: connections,
  },
  ENOTFOUND: {
    meaning: 'No machine of that name is known.',
    why: 'A slip of the pen in the host name, or the name service does not know it.',
    cure: 'Look at the name, or use the address in numbers.',
    retry: 'No.',
    from: connections,
  },
  ETIMEDOUT: {
    meaning: 'The other machine did not answer at all.',
    why: 'It is off, the address is wrong, or a firewall drops what is sent.',
    cure: 'Look at the address, and whether the network lets you through.',
    retry: 'Yes, once the machine answers.',
    from: connections,
  },
  EPIPE: {
    meaning: 'Whoever read the output, or the other side of a connection, has gone.',
    why: 'For `| head` this is the usual end, and no error; a connection that ends so was broken off.',
    cure: 'Nothing, after `| head`. Otherwise see whether the broker runs.',
    retry: 'No.',
    from: 'Writing to a pipe or a connection.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
