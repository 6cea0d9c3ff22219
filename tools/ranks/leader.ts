import { createServer, type Server, type Socket } from 'node:net';
import { endSoon, MessageSocket, type Hello, type Message } from './messages';
import type { Timing } from './timing';

export interface LeaderOptions {
  /** What rank 0 says of itself. */
  readonly own: Hello;
  /** Where to listen; port 0 is any. */
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** What to train, for all ranks. */
  readonly task: string;
  readonly timing: Timing;
}

/** What a leader tells its rank, as a member does. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'waiting'; readonly ranks: readonly number[] }
  | { readonly kind: 'welcome'; readonly addresses: readonly string[]; readonly task: string }
  /** The ranks are not to train together. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** `close` has been called, and there is nobody left who would miss this rank. */
  | { readonly kind: 'closed' }
  /** Cannot go on; `silent` milliseconds have passed since the last sign of life. `isTold`: rank 0 has said so. */
  | { readonly kind: 'lost'; readonly reason: string; readonly silent: number; readonly isTold: boolean };

interface Member {
  readonly socket: MessageSocket;
  readonly hello: Hello;
  readonly address: string;
  heard: number;
  hasLeft: boolean;
}

/** How long the leader waits before it says for whom. */
const PATIENCE = 5000;
/** How long rank 0, which is done, waits for others that are about to be. */
const FAREWELL = 5000;
const HOW_TO_RESUME = 'When its fault is mended, start all ranks again with --resume';

/**
 * The part of rank 0 that knows the others: it waits until all have come, compares what they are to train, and tells all when one is
 * lost.
 */
export class Leader {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly members = new Map<number, Member>();
  private readonly timers: NodeJS.Timeout[] = [];
  private state: 'gathering' | 'together' | 'over' = 'gathering';
  private isClosing = false;

  constructor(
    private readonly options: LeaderOptions,
    private readonly report: (report: Report) => void,
  ) {
    const { timing, listen } = options;
    this.server = createServer((socket) => this.accept(socket));
    this.server.on('error', (error) => this.refuse(listenFault(error, listen)));
    this.server.listen(listen.port, listen.host, () => {
      const address = this.server.address();
      if (typeof address === 'object' && address) report({ kind: 'listening', port: address.port });
    });
    this.timers.push(
      setTimeout(() => this.isComplete || report({ kind: 'waiting', ranks: this.missing }), PATIENCE),
      setTimeout(() => this.arrivalOver(), timing.arrival),
      setInterval(() => this.beat(), timing.beat),
    );
  }

  /** Rank 0 has nothing more to do with the others, which are about to leave too; or, with a reason, cannot go on. */
  close(reason?: string): void {
    if (this.state === 'over') this.report({ kind: 'closed' });
    else if (reason !== undefined) {
      this.tellAll({ kind: 'lost', reason: `${this.nameOf(0)} has stopped: ${reason}` });
      this.finishClosing();
    } else {
      this.isClosing = true;
      this.timers.push(setTimeout(() => this.finishClosing(), FAREWELL));
      this.closeIfAlone();
    }
  }

  private closeIfAlone(): void {
    if (this.isClosing && [...this.members.values()].every(({ hasLeft }) => hasLeft)) this.finishClosing();
  }

  private finishClosing(): void {
    if (this.state === 'over') return;
    this.end();
    this.report({ kind: 'closed' });
  }

  private get missing(): number[] {
    const { size } = this.options.own;
    return Array.from({ length: size - 1 }, (_, k) => k + 1).filter((rank) => !this.members.has(rank));
  }

  private get isComplete(): boolean {
    return this.missing.length === 0;
  }

  private nameOf(rank: number): string {
    const host = rank === 0 ? this.options.own.host : this.members.get(rank)?.hello.host;
    return host === undefined ? `rank ${rank}` : `rank ${rank} (${host})`;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    let rank: number | undefined;
    const messages = new MessageSocket(socket, (message) => {
      if (rank !== undefined) this.receive(rank, message);
      else if (message.kind === 'hello') rank = this.welcome(message, messages);
      else socket.destroy();
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (rank !== undefined) this.disconnected(rank);
    });
  }

  /** Returns the rank, where it may take part. */
  private welcome(hello: Hello, socket: MessageSocket): number | undefined {
    const { own } = this.options;
    const reason = this.state === 'gathering' ? this.reasonAgainst(hello) : 'the ranks have begun without it';
    if (reason !== undefined) {
      const whole = `rank ${hello.rank} (${hello.host}) cannot take part: ${reason}`;
      socket.end({ kind: 'refused', reason: whole });
      // A stranger's, or a second one: the others go on waiting.
      const isStranger = hello.session !== own.session || this.members.has(hello.rank) || hello.rank === 0;
      if (!isStranger && this.state === 'gathering') this.refuse(whole);
      return undefined;
    }
    const address = `${plainAddress(socket.socket.remoteAddress)}:${hello.port}`;
    this.members.set(hello.rank, { socket, hello, address, heard: performance.now(), hasLeft: false });
    if (this.isComplete) this.start();
    return hello.rank;
  }

  private reasonAgainst({ session, rank, size, version, statement }: Hello): string | undefined {
    const { own } = this.options;
    if (session !== own.session) return 'it belongs to another job (or names other hosts)';
    if (size !== own.size)
      return `it is one of ${size} ranks, rank 0 is one of ${own.size}; start all with the same number`;
    if (!(Number.isInteger(rank) && rank > 0 && rank < size))
      return `there is no rank ${rank} of ${size} to join`;
    const there = this.members.get(rank);
    if (there) return `rank ${rank} has come already, from ${there.hello.host}; start each rank once`;
    if (version !== own.version) return `it runs version ${version}, rank 0 ${own.version}; install the same`;
    for (const [key, value] of Object.entries(statement ?? {})) {
      const expected = own.statement?.[key];
      if (expected !== undefined && value !== expected)
        return `it has ${key} ${value}, rank 0 ${expected}; start all ranks with the same`;
    }
    return undefined;
  }

  private start(): void {
    this.state = 'together';
    const { own, task } = this.options;
    const ranks = Array.from({ length: this.options.own.size - 1 }, (_, k) => this.members.get(k + 1)!);
    // What a machine calls itself may be an address of its own alone: the others have come to this one.
    const address = plainAddress(ranks[0].socket.socket.localAddress);
    const addresses = [`${address}:${own.port}`, ...ranks.map((member) => member.address)];
    this.tellAll({ kind: 'welcome', addresses, task });
    this.report({ kind: 'welcome', addresses, task });
  }

  private receive(rank: number, message: Message): void {
    const member = this.members.get(rank)!;
    member.heard = performance.now();
    if (message.kind === 'leave') {
      member.hasLeft = true;
      this.closeIfAlone();
    } else if (message.kind === 'failed') this.lose(rank, `has stopped: ${message.reason}`, 0);
  }

  private disconnected(rank: number): void {
    if (this.state === 'gathering')
      this.members.delete(rank); // it may come again
    else if (this.members.get(rank)?.hasLeft === false)
      this.lose(rank, `has ended without a word. ${HOW_TO_RESUME}`, 0);
  }

  private beat(): void {
    if (this.state !== 'together') return;
    this.tellAll({ kind: 'beat' });
    const now = performance.now();
    for (const [rank, { heard, hasLeft }] of this.members) {
      const silent = now - heard;
      if (hasLeft || silent < this.options.timing.silence) continue;
      this.lose(rank, `has not answered for ${Math.round(silent / 1000)} s. ${HOW_TO_RESUME}`, silent);
      return;
    }
  }

  private lose(rank: number, what: string, silent: number): void {
    if (this.state === 'over') return;
    const reason = `${this.nameOf(rank)} ${what}`;
    this.tellAll({ kind: 'lost', reason });
    this.end();
    this.report({ kind: 'lost', reason, silent, isTold: false });
  }

  private arrivalOver(): void {
    if (this.state !== 'gathering') return;
    const seconds = Math.round(this.options.timing.arrival / 1000);
    const { listen } = this.options;
    this.refuse(
      `rank ${this.missing.join(', rank ')} of ${this.options.own.size} has not come within ${seconds} s; start every rank, ` +
        `and see that rank 0 can be reached at port ${listen.port}`,
    );
  }

  private refuse(reason: string): void {
    if (this.state === 'over') return;
    this.tellAll({ kind: 'refused', reason });
    this.end();
    this.report({ kind: 'refused', reason });
  }

  private tellAll(message: Message): void {
    for (const { socket, hasLeft } of this.members.values()) if (!hasLeft) socket.send(message);
  }

  /** Lets what has been said go out. */
  private end(): void {
    this.state = 'over';
    for (const timer of this.timers) clearTimeout(timer);
    this.server.close();
    for (const socket of this.sockets) endSoon(socket);
  }
}

/** IPv4 as it is, where a socket takes IPv6 too. */
function plainAddress(address = ''): string {
  return address.replace(/^::ffff:/, '');
}

function listenFault(error: NodeJS.ErrnoException, { port }: LeaderOptions['listen']): string {
  if (error.code !== 'EADDRINUSE') return `rank 0 cannot listen on port ${port}: ${error.message}`;
  return `rank 0 cannot listen on port ${port}: another process has it; give another port to all ranks`;
}
