import { client, clientVersion } from '../clients.ts';
import { debianProgram, packageVersion } from '../debian.ts';
import { destination, type Load, type Peer } from '../peer.ts';
import { freePort, startServer } from '../server-process.ts';

interface Stompit {
  connect(
    options: { host: string; port: number },
    connected: (error: Error | null, client: StompClient) => void,
  ): void;
}
interface StompClient {
  send(
    headers: { [name: string]: string },
    options: { onReceipt: () => void; onError: (error: Error) => void },
  ): { end(content: Buffer): void };
  subscribe(
    headers: { [name: string]: string },
    onMessage: (error: Error | null, message: StompMessage) => void,
  ): void;
  destroy(): void;
}
interface StompMessage {
  resume(): void;
  on(event: 'end', listener: () => void): void;
}

const home = '/usr/share/activemq';

export const activemq: Peer = {
  name: 'ActiveMQ',
  acknowledged: 'a persistent message in KahaDB’s journal, synced before the receipt',
  clients: [
    {
      name: 'stompit',
      get version() {
        return clientVersion('stompit');
      },
      batching: undefined,
      connect,
    },
  ],
  missing: () => debianProgram(`${home}/lib/activemq-broker.jar`, 'activemq', 'default-jre-headless'),
  start: async (directory) => {
    const port = await freePort();
    const broker = `broker:(stomp://127.0.0.1:${port})?persistent=true&useJmx=false&dataDirectory=${directory}/data`;
    const command = [
      'java',
      `-Dactivemq.home=${home}`,
      `-Dactivemq.base=${directory}`,
      '-Xmx1g',
      '-cp',
      `${home}/lib/*:${home}/lib/optional/*`,
      'org.apache.activemq.console.Main',
      'start',
      broker,
    ] as const;
    const server = await startServer([...command], port, directory);
    return { ...server, port, session: server.pid, version: packageVersion('activemq') };
  },
};

async function connect(port: number): Promise<Load> {
  const connection = await new Promise<StompClient>((resolve, reject) => {
    client<Stompit>('stompit').connect({ host: '127.0.0.1', port }, (error, connected) =>
      error === null ? resolve(connected) : reject(error),
    );
  });
  const queue = `/queue/${destination}`;
  const send = (value: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { destination: queue, persistent: 'true', 'content-length': String(value.length) };
      connection.send(headers, { onReceipt: resolve, onError: reject }).end(value);
    });
  return {
    prepare: async () => {},
    send: async (value, count) => {
      await Promise.all(Array.from({ length: count }, () => send(value)));
    },
    consume: async (onMessages) => {
      const headers = { destination: queue, ack: 'auto', 'activemq.prefetchSize': '1000' };
      connection.subscribe(headers, (error, message) => {
        // The last word is that this side has closed.
        if (error !== null) return;
        message.on('end', () => onMessages(1));
        message.resume();
      });
    },
    close: async () => connection.destroy(),
  };
}
