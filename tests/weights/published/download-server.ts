import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine for the tests of one file: it answers the first request as the first answer says, ..., the last to all. */
export class DownloadServer {
  private readonly server: Server;
  private answers: Answer[] = [];
  /** The Range header of each request. */
  ranges: (string | undefined)[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      this.ranges.push(request.headers.range);
      const answer = this.answers.length > 1 ? this.answers.shift() : this.answers.at(0);
      if (!answer) throw new Error('a request that no test expects');
      answer(request, response);
    });
    beforeAll(() => new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve)));
    afterAll(() => {
      this.server.closeAllConnections();
      this.server.close();
    });
  }

  answering(...answers: Answer[]): void {
    this.answers = answers;
    this.ranges = [];
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

/** The whole file, or the part that is asked for. */
export function serving(content: Uint8Array): Answer {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
    if (Number.isNaN(start)) {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    } else if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    } else {
      const range = `bytes ${start}-${content.length - 1}/${content.length}`;
      response.writeHead(206, { 'content-range': range, 'content-length': content.length - start });
      response.end(content.subarray(start));
    }
  };
}

/** The whole file, but the connection breaks after so many bytes, of which not all need to arrive. */
export function breaking(content: Uint8Array, after: number): Answer {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': content.length - start,
      ...(start > 0 && range),
    });
    response.write(content.subarray(start, start + after), () => setTimeout(() => response.destroy(), 200));
  };
}

export function saying(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (_, response) => response.writeHead(status, headers).end(body);
}
