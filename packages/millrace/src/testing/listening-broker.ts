import { type CommandRun, runCommand } from './command-line.ts';
import { startTestBroker, type TestBroker } from './test-broker.ts';

/** A broker that listens, and the command line told where. For our own tests. */
export interface ListeningBroker {
  readonly broker: TestBroker;
  readonly address: string;
  /** `millrace …argv --broker address`. */
  command(argv: readonly string[], io?: Parameters<typeof runCommand>[1]): CommandRun;
  /** The same, to its end. */
  ended(argv: readonly string[], io?: Parameters<typeof runCommand>[1]): Promise<EndedCommand>;
}

interface EndedCommand {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function startListeningBroker(): Promise<ListeningBroker> {
  const broker = await startTestBroker({ listen: true });
  const address = broker.address ?? '';
  const command: ListeningBroker['command'] = (argv, io) => runCommand([...argv, '--broker', address], io);
  return {
    broker,
    address,
    command,
    ended: async (argv, io) => {
      const run = command(argv, io);
      return { code: await run.ended, stdout: run.stdout(), stderr: run.stderr() };
    },
  };
}
