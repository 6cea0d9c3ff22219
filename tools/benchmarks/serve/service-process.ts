import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { InputError } from '../../../detection/errors';

/** `rcnn serve` in a process of its own, at a free port of this machine. Whoever starts it stops it. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Of the service, without a slash at its end. */
    readonly url: string,
  ) {}

  /**
   * Starts a service, and waits until it is ready. What it says is shown.
   *
   * @throws InputError where it ends before that.
   */
  static async start(options: readonly string[]): Promise<ServiceProcess> {
    const main = path.join(__dirname, '../../cli/main.js');
    const script = `require(${JSON.stringify(main)}).main(process.argv.slice(1)).then((status) => process.exit(status))`;
    const args = ['-e', script, 'serve', '--port', '0', ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
      child.once('exit', (status) =>
        reject(
          new InputError('program-failed', `rcnn serve has ended with status ${status} before it was ready`, {
            program: 'rcnn serve',
            args,
          }),
        ),
      );
    });
    return new ServiceProcess(child, url);
  }

  /** Asks it to end. @returns its exit status; null where it had to be killed, being still there after a minute. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    this.child.kill('SIGTERM');
    const [status] = (await once(this.child, 'exit')) as [number | null];
    clearTimeout(timer);
    return status;
  }
}
