import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Broker } from '@millrace/broker';
import { CodedError, codeOf, type World } from '@millrace/runtime';
import { type MetricsOptions, prometheusMetrics } from '../metrics/prometheus.ts';
import { formatAddress, type HostAndPort } from './broker-addresses.ts';

/** Where Prometheus fetches what a broker does. */
export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `/metrics`, and `/healthz` for whoever asks whether it is there. ADDRESS_IN_USE, ADDRESS_UNAVAILABLE. */
export async function serveMetrics(
  broker: Broker,
  address: HostAndPort,
  options: MetricsOptions,
  world: World,
): Promise<MetricsServer> {
  const metrics = await prometheusMetrics(broker, options, world);
  const answer = (response: ServerResponse, contentType: string, tell: () => Promise<string>): void => {
    tell()
      .then((text) => response.writeHead(200, { 'content-type': contentType }).end(text))
      .catch((error: unknown) => {
        world.logger.warn({ error }, 'the metrics could not be told');
        response.writeHead(500).end('the metrics could not be told; the log of the broker says why\n');
      });
  };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/healthz') response.end('ok\n');
    else if (path === '/metrics') answer(response, metrics.contentType, () => metrics.text());
    else if (path === '/metrics.json')
      answer(response, 'application/json', async () => JSON.stringify(await metrics.json()));
    else response.writeHead(404).end('/metrics, /metrics.json and /healthz are here\n');
  });
  const port = await bind(server, address).catch(async (error: unknown) => {
    await metrics.close();
    throw error;
  });
  return {
    url: `http://${formatAddress({ host: address.host, port })}/metrics`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await metrics.close();
    },
  };
}

function bind(server: Server, { host, port }: HostAndPort): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = codeOf(error) === 'EADDRINUSE';
      const code = isTaken ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
      const what = isTaken ? 'is in use' : `cannot be listened on (${String(codeOf(error))})`;
      reject(
        new CodedError(code, `port ${port} on ${host}, for metrics, ${what}`, {
          hint: 'take another with --metrics host:port',
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => {
      const bound = server.address();
      resolve(bound === null || typeof bound === 'string' ? port : bound.port);
    });
  });
}
