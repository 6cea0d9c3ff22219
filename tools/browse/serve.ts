import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError } from '../../detection/errors';
import type { CollectedPicture } from './collect/collect';
import { pictureFor } from './picture-for';

/** Reachable from this machine alone. */
const ADDRESS = '127.0.0.1';
/** Longer side of the pictures of the grid, pixels. */
const THUMBNAIL_SIDE = 400;

/** A page and its pictures on loopback. */
export interface PageServer {
  /** Where a browser finds the page. */
  readonly url: string;
  /** Ends it, connections that are open too. */
  close(): Promise<void>;
}

/**
 * Serves a page, and its pictures when they are asked for, by their place in the list: no request names a file.
 *
 * @param port 0 for any that is free
 * @throws InputError where the port cannot be had.
 */
export async function servePage(
  page: string,
  pictures: readonly CollectedPicture[],
  port: number,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    answer(request, response, page, pictures).catch((error: unknown) => response.destroy(error as Error));
  });
  await listen(server, port);
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
export async function requirePort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  await new Promise((resolve) => server.close(resolve));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        new InputError(
          'port-refused',
          `--serve ${port}: ${portFault(code, message)}; without a number it takes a free one`,
          { port },
        ),
      ),
    );
    server.listen(port, ADDRESS, resolve);
  });
}

function portFault(code: string | undefined, message: string): string {
  if (code === 'EADDRINUSE') return 'another program uses this port';
  if (code === 'EACCES') return 'this port is not permitted';
  return message;
}

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
} as const;

async function answer(
  { method, url = '', headers, socket }: IncomingMessage,
  response: ServerResponse,
  page: string,
  pictures: readonly CollectedPicture[],
): Promise<void> {
  const send = (
    status: number,
    type: string,
    body: string | Buffer,
    more: Record<string, string> = {},
  ): void => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': type, ...more });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const refuse = (status: number, reason: string): void =>
    send(status, 'text/plain; charset=utf-8', `${reason}\n`);
  // A page from elsewhere may let its own name point to this machine; a browser then sends that name.
  if (!isOwnName(headers.host, socket.localPort))
    return refuse(403, 'This server answers to its own address only.');
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'There is nothing to change here.');
  if (url === '/') return send(200, 'text/html; charset=utf-8', page, { 'Cache-Control': 'no-store' });
  const [, kind, digits] = /^\/(thumbnails|pictures)\/(\d{1,9})$/.exec(url) ?? [];
  const wanted = digits === undefined ? undefined : pictures[Number(digits)];
  if (wanted === undefined) return refuse(404, 'There is nothing here.');
  const picture = await pictureFor(wanted, kind === 'thumbnails' ? THUMBNAIL_SIDE : undefined);
  if (picture === undefined || !('jpeg' in picture))
    return refuse(404, picture?.reason ?? 'There is no picture.');
  send(200, 'image/jpeg', picture.jpeg, { 'Cache-Control': 'private, max-age=3600' });
}

function isOwnName(host = '', port: number | undefined): boolean {
  // Browsers leave out the port of HTTP.
  const ending = port === 80 ? '' : `:${port}`;
  return [`${ADDRESS}${ending}`, `localhost${ending}`].includes(host);
}
