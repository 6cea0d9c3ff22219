import { createConnection } from 'node:net';
import type { Report } from './leader';
import { endSoon, MessageSocket, type Hello, type Message } from './messages';
import type { Timing } from './timing';

export interface MemberOptions {
  readonly own: Hello;
  readonly leader: { readonly host: string; readonly port: number };
  readonly timing: Timing;
}

/** Between attempts to reach rank 0, which may start later. */
const RETRY = 500;
const HOW_TO_RESUME = 'When its fault is mended, start all ranks again with --resume';

/** The part of a rank that knows rank 0. */
export class Member {
  private readonly since = performance.now();
  private readonly timers: NodeJS.Timeout[] = [];
  private socket: MessageSocket | undefined;
  private heard = performance.now();
  private state: 'coming' | 'together' | 'over' = 'coming';

  constructor(
    private readonly options: MemberOptions,
    private readonly report: (report: Report) => void,
  ) {
    this.timers.push(setInterval(() => this.beat(), options.timing.beat));
    this.connect();
  }

  /** This rank has nothing more to do with the others; or, with a reason, cannot go on. */
  close(reason?: string): void {
    const closed = (): void => this.report({ kind: 'closed' });
    const { socket } = this;
    if (this.state === 'over' || !socket?.socket.writable) {
      this.end();
      closed();
      return;
    }
    socket.socket.once('close', closed);
    socket.end(reason === undefined ? { kind: 'leave' } : { kind: 'failed', reason });
    this.end();
  }

  private connect(): void {
    const { host, port } = this.options.leader;
    const socket = createConnection({ host, port, family: 4 });
    socket.on('connect', () => this.socket?.send(this.options.own));
    socket.on('error', (error: NodeJS.ErrnoException) => this.unreachable(error));
    socket.on('close', () => this.disconnected());
    this.socket = new MessageSocket(socket, (message) => this.receive(message));
  }

  private unreachable(error: NodeJS.ErrnoException): void {
    if (this.state !== 'coming') return;
    const { timing, leader } = this.options;
    if (performance.now() - this.since < timing.arrival) return;
    const seconds = Math.round(timing.arrival / 1000);
    this.finish({
      kind: 'refused',
      reason: `rank 0 cannot be reached at ${leader.host}:${leader.port} within ${seconds} s (${error.code}); start it, and see that no firewall is between`,
    });
  }

  private disconnected(): void {
    if (this.state === 'coming')
      this.timers.push(setTimeout(() => this.state === 'coming' && this.connect(), RETRY));
    else this.lose(`has ended without a word. ${HOW_TO_RESUME}`, 0);
  }

  private receive(message: Message): void {
    this.heard = performance.now();
    if (this.state === 'over') return;
    if (message.kind === 'welcome') {
      this.state = 'together';
      this.report(message);
    } else if (message.kind === 'refused') this.finish(message);
    else if (message.kind === 'lost') this.finish({ ...message, silent: 0, isTold: true });
    else if (message.kind === 'leave') this.lose('has ended', 0);
  }

  private beat(): void {
    if (this.state !== 'together') return;
    this.socket?.send({ kind: 'beat' });
    const silent = performance.now() - this.heard;
    if (silent >= this.options.timing.silence)
      this.lose(`has not answered for ${Math.round(silent / 1000)} s. ${HOW_TO_RESUME}`, silent);
  }

  private lose(what: string, silent: number): void {
    if (this.state === 'over') return;
    this.finish({
      kind: 'lost',
      reason: `rank 0 (${this.options.leader.host}) ${what}`,
      silent,
      isTold: false,
    });
  }

  private finish(report: Report): void {
    this.end();
    this.report(report);
  }

  private end(): void {
    this.state = 'over';
    for (const timer of this.timers) clearTimeout(timer);
    if (this.socket) endSoon(this.socket.socket);
  }
}
