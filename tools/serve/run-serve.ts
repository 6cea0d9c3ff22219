import type { AddressInfo } from 'node:net';
import { interruptible } from '../terminal/interruption';
import { packageVersion } from '../terminal/package-version';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { portRefused } from '../loopback/port-refused';
import { DetectionService, type ServiceLimits } from './detection-service';
import { DetectorThread } from './detector-thread';
import { createServer } from './server';
import type { ThreadData } from './thread-messages';

/** What `rcnn serve` is to do. */
export interface ServeJob {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly limits: ServiceLimits;
  readonly detector: ThreadData;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

/**
 * Runs a service until it is asked to end (Ctrl-C, SIGTERM): it then takes no more pictures, and answers the requests that it
 * has.
 *
 * @param onReady gets its address, once pictures are taken
 * @throws InputError where the port or the detector cannot be had.
 */
export async function runServe(
  { host, port, limits, detector }: ServeJob,
  onReady: (url: string) => void,
): Promise<void> {
  const failure = new AbortController();
  const thread = new DetectorThread(detector, {
    onDeath: (cause) => {
      service.metrics.died();
      logLine(`the detector has ended (${cause}); another one is being started`);
    },
    onFailure: (error) => failure.abort(error),
  });
  const service = new DetectionService(thread, limits);
  const server = await createServer(service, packageVersion());
  await interruptible(async (signal) => {
    const ended = AbortSignal.any([signal, failure.signal]);
    const end = new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve()));
    try {
      await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
        throw portRefused(`--host ${host} --port ${port}`, port, error, '--port 0 takes a free one');
      });
      await Promise.race([thread.open(), end]);
      if (!signal.aborted) onReady(addressOf(server.server.address() as AddressInfo, host));
      if (!LOOPBACK.test(host)) {
        logLine(
          `whoever reaches ${host} can use this service: leave authentication and encryption to a proxy before it`,
        );
      }
      await end;
      failure.signal.throwIfAborted();
      if (service.taken > 0) logLine(`stopping after ${pluralize(service.taken, 'picture')}`);
    } finally {
      service.isStopping = true;
      await server.close();
      await thread.close();
    }
  });
}

function addressOf({ port }: AddressInfo, host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
