import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** From the options to the first connection. */
export const startingExplanations = {
  ALREADY_RUNNING: {
    meaning: 'Another broker has the data directory.',
    why: 'A directory belongs to one broker at a time. The message names its process and its address.',
    cure: 'Use the broker that runs, stop it with `kill PID`, or give this one its own --dir and --listen.',
    retry: 'Yes, once the other has stopped.',
    from: '`millrace start`.',
  },
  LOCKED: {
    meaning: 'Another process has the directory or file.',
    why: 'Two brokers or two logs were to work in the same place. The message names the process that came first.',
    cure: 'Stop that process, or use another directory. The lock of a process that is gone is taken over by itself.',
    retry: 'Yes, once the other has stopped.',
    from: 'startBroker({ dataDirectory }) and openLogDirectory.',
  },
  FOREIGN_DIRECTORY: {
    meaning: 'The data directory holds something that is not Millrace’s.',
    why: '--dir names a directory with other files in it. Nothing was changed there.',
    cure: 'Name a directory that is empty or does not exist yet, for example one below it.',
    retry: 'No.',
    from: '`millrace start`.',
  },
  ADDRESS_IN_USE: {
    meaning: 'Another program listens on that port already.',
    why: 'Often it is a broker that still runs. On Linux `ss -ltnp` shows who has which port.',
    cure: 'Stop that program, or choose another port, such as the free one in the hint; port 0 means any.',
    retry: 'Yes, once the port is free.',
    from: '`millrace start` and startBroker({ listeners }).',
  },
  ADDRESS_UNAVAILABLE: {
    meaning: 'This machine cannot listen on that address.',
    why: 'The address belongs to another machine, the name is not known, or the port is below 1024 and needs root.',
    cure: 'Use 127.0.0.1 or an address that `ip addr` shows, and a port above 1023.',
    retry: 'No.',
    from: '`millrace start` and startBroker({ listeners }).',
  },
  INSECURE_LISTENER: {
    meaning: 'The broker would listen beyond this machine, where everybody could read and write everything.',
    why: 'There is no authentication yet, so an address other than this machine’s own must be wanted.',
    cure: 'Listen on 127.0.0.1; or, in a network that you trust, say --insecure (in code: insecure: true).',
    retry: 'No.',
    from: '`millrace start --listen` and startBroker({ listeners }).',
  },
  INVALID_CONFIG: {
    meaning: 'A configuration has a name that does not exist, or a value that is not allowed.',
    why: 'A slip of the pen, a value out of bounds, or a setting of Kafka’s that Millrace does not have.',
    cure: 'The message says what is allowed. `millrace topic describe NAME` lists the settings of a topic.',
    retry: 'No.',
    from: 'startBroker; `millrace topic create` and `alter`; createTopic.',
  },
  NODE_ID_TAKEN: {
    meaning: 'Another broker of the cluster has this number.',
    why: 'Two brokers have the same node id, or a broker that crashed counts as present until its session ends.',
    cure: 'Give each broker its own --node-id. After a crash, `millrace start` waits for that up to 15 s.',
    retry: 'Yes, once the other has left.',
    from: 'startBroker and `millrace start`.',
  },
  BROKER_STOPPED: {
    meaning: 'A broker that was stopped cannot be started again.',
    why: 'start() was called on the core of a broker after stop().',
    cure: 'Make a new broker over the same data directory.',
    retry: 'No, not with this broker.',
    from: 'start() of a broker’s core.',
  },
  REGISTRY_DAMAGED: {
    meaning: 'The broker’s list of topics, leaders and groups cannot be read from its data directory.',
    why: 'The disk has damaged files, or somebody changed or removed some of them.',
    cure: 'Nothing was changed. Check the disk, and restore the directory from a copy; the records are in other files.',
    retry: 'No.',
    from: 'startBroker({ dataDirectory }) and `millrace start`.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
