import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The answer of a service. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** Whole seconds, where the service asks to come again. */
  readonly retryAfter?: number;
  readonly milliseconds: number;
}

/** A client that keeps one connection. Whoever makes it closes it. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param url of the service */
  constructor(private readonly url: string) {}

  /** Sends a picture. @throws the system's error where the connection ends without an answer */
  post(bytes: Buffer): Promise<HttpAnswer> {
    return this.send('POST', '/detect', bytes);
  }

  /** Asks for something else. @throws as `post` */
  get(path: string): Promise<HttpAnswer> {
    return this.send('GET', path);
  }

  /** Ends its connection. */
  close(): void {
    this.agent.destroy();
  }

  private send(method: string, path: string, body?: Buffer): Promise<HttpAnswer> {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}${path}`, { method, agent: this.agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const retryAfter = response.headers['retry-after'];
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
            milliseconds: performance.now() - started,
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** What a client does that sends one picture after the other until it is told to end; it comes again when it is asked to. */
export async function sendPictures(
  url: string,
  pictures: readonly Buffer[],
  signal: AbortSignal,
  onAnswer: (answer: HttpAnswer) => void,
): Promise<void> {
  const client = new HttpClient(url);
  try {
    for (let k = 0; !signal.aborted; k++) {
      const answer = await client.post(pictures[k % pictures.length]);
      onAnswer(answer);
      if (answer.status === 503) await sleep(1000 * (answer.retryAfter ?? 1));
    }
  } finally {
    client.close();
  }
}
