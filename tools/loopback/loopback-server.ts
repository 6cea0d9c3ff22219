import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { portRefused } from './port-refused';

/** Reachable from this machine alone. */
const ADDRESS = '127.0.0.1';

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
} as const;

/** A server on loopback. */
export interface LoopbackServer {
  /** Where a browser finds it. */
  readonly url: string;
  /** Ends it, connections that are open too. */
  close(): Promise<void>;
}

/** The answer to a request. */
export class Answer {
  /** @internal */
  constructor(
    private readonly request: IncomingMessage,
    /** Node's own, for an answer that goes on and on. */
    readonly response: ServerResponse,
  ) {}

  /** Answers. */
  send(status: number, type: string, body: string | Buffer, more: Record<string, string> = {}): void {
    this.start(status, type, more);
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  /** Begins an answer whose body follows. */
  start(status: number, type: string, more: Record<string, string> = {}): void {
    this.response.writeHead(status, { ...HEADERS, 'Content-Type': type, ...more });
  }

  /** Says why there is nothing else to say. */
  refuse(status: number, reason: string): void {
    this.send(status, 'text/plain; charset=utf-8', `${reason}\n`);
  }
}

/**
 * Serves what a browser on this machine asks for: GET and HEAD, under the server's own name.
 *
 * @param port 0 for any that is free
 * @param option that has asked for it, `--serve`
 * @param answer to a path; what it throws ends the connection
 * @throws InputError where the port cannot be had.
 */
export async function serveLoopback(
  port: number,
  option: string,
  answer: (path: string, answer: Answer) => Promise<void> | void,
): Promise<LoopbackServer> {
  const respond = async (request: IncomingMessage, given: Answer): Promise<void> => {
    const { method, url = '', headers, socket } = request;
    // A page from elsewhere may let its own name point to this machine; a browser then sends that name.
    if (!isOwnName(headers.host, socket.localPort)) {
      return given.refuse(403, 'This server answers to its own address only.');
    }
    if (method !== 'GET' && method !== 'HEAD') return given.refuse(405, 'There is nothing to change here.');
    await answer(url, given);
  };
  const server = createServer((request, response) => {
    respond(request, new Answer(request, response)).catch((error: unknown) =>
      response.destroy(error as Error),
    );
  });
  await listen(server, port, option);
  const { port: used } = server.address() as AddressInfo;
  return {
    url: `http://${ADDRESS}:${used}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Finds out whether a port can be had: better said before the work than after it.
 *
 * @throws InputError where it cannot.
 */
export async function requirePort(port: number, option: string): Promise<void> {
  const server = createServer();
  await listen(server, port, option);
  await new Promise((resolve) => server.close(resolve));
}

function listen(server: Server, port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(portRefused(`${option} ${port}`, port, error, 'without a number it takes a free one')),
    );
    server.listen(port, ADDRESS, resolve);
  });
}

function isOwnName(host = '', port: number | undefined): boolean {
  // Browsers leave out the port of HTTP.
  const ending = port === 80 ? '' : `:${port}`;
  return [`${ADDRESS}${ending}`, `localhost${ending}`].includes(host);
}
