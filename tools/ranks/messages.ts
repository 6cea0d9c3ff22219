import type { Socket } from 'node:net';

/** What a rank says when it comes. */
export interface Hello {
  readonly kind: 'hello';
  readonly version: string;
  readonly session: string;
  readonly rank: number;
  readonly size: number;
  /** The machine, as it calls itself. */
  readonly host: string;
  /** Of its TensorFlow. */
  readonly port: number;
  /** What it is to train, by key, where it has been told: to be the same of all. */
  readonly statement: Readonly<Record<string, string>> | null;
}

/** What ranks and their leader say to each other, a line of JSON each. */
export type Message =
  | Hello
  /** From the leader, once all have come: where each one's TensorFlow is, and what to train. */
  | { readonly kind: 'welcome'; readonly addresses: readonly string[]; readonly task: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'beat' }
  /** From a rank: it has nothing more to do with the others; or why it cannot go on. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** From the leader: why all have to end. */
  | { readonly kind: 'lost'; readonly reason: string };

/** For a last message. */
const LAST_MILLISECONDS = 1000;

/** Longer lines are no message of ours. */
const MAX_LINE = 2 ** 22;

/** A socket that carries messages. What is none of them closes it. */
export class MessageSocket {
  private rest = '';

  constructor(
    readonly socket: Socket,
    private readonly onMessage: (message: Message) => void,
  ) {
    socket.setEncoding('utf8').setNoDelay(true);
    // 'close' follows, which others listen to.
    socket.on('error', () => undefined);
    socket.on('data', (text: string) => this.receive(text));
  }

  send(message: Message): void {
    if (this.socket.writable) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Sends one last message. */
  end(message: Message): void {
    if (this.socket.writable) this.socket.end(`${JSON.stringify(message)}\n`);
  }

  private receive(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    if (this.rest.length > MAX_LINE) this.socket.destroy();
    for (const line of lines) {
      const message = messageIn(line);
      if (!message) this.socket.destroy();
      else this.onMessage(message);
    }
  }
}

/** Lets what has been said go out; a process that hangs never takes it. */
export function endSoon(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LAST_MILLISECONDS);
  socket.once('close', () => clearTimeout(timer));
}

function messageIn(line: string): Message | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
