/** A broker to measure: how to get it, how to start it, and the clients that it is measured with. */
export interface Peer {
  readonly name: string;
  /** What an acknowledgement means with the settings used here. */
  readonly acknowledged: string;
  readonly clients: readonly Client[];
  /** How to get what is not here and could not be installed; undefined when it can run. */
  missing(): Promise<string | undefined>;
  /** Starts it in an empty directory, ready for clients. */
  start(directory: string): Promise<RunningPeer>;
}

export interface RunningPeer {
  readonly version: string;
  readonly port: number;
  /** The session in which all its processes are; undefined where the broker lives in the load's process. */
  readonly session: number | undefined;
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface Client {
  readonly name: string;
  readonly version: string;
  /** How it sends 50 messages at once; undefined where it cannot: then it is measured with single messages alone. */
  readonly batching: string | undefined;
  /** In a process of its own. */
  connect(port: number): Promise<Load>;
}

/** A connected client, with one queue, stream or partition. */
export interface Load {
  /** Makes what messages are sent to. */
  prepare(): Promise<void>;
  /** Sends `count` messages at once; resolves when all are acknowledged. */
  send(value: Buffer, count: number): Promise<void>;
  /** Reads from the oldest message on, and calls back with how many came. */
  consume(onMessages: (count: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** The size of a message, as on the slides. */
export const messageBytes = 200;
/** Sent and not acknowledged, whatever they are packed in. */
export const messagesInFlight = 1_000;
export const batchSizes = [1, 50] as const;
/** What the messages are sent to. */
export const destination = 'field';
