import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Progress } from '../../../tools/terminal/progress';
import { Screen } from '../../screen';

/** Runs a program on a pseudo-terminal of 60 columns, 40 once it asks for it, and prints the bytes that it writes there. */
const ON_A_TERMINAL = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 60, 0, 0))
written = b''
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    written += piece
    if piece.endswith(b'narrower?'):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 40, 0, 0))
sys.stdout.buffer.write(written)
`;

/** Trains without training: three steps, an evaluation, something to logLine, a narrower terminal, an end with an error. */
const PROGRAM = `
require('ts-node').register({ swc: true });
const { EventStorage } = require('./detection/events/event-storage.ts');
const { ProgressWriter } = require('./detection/engine/writers/progress-writer.ts');
const { Progress, logLine, writeMessage } = require('./tools/terminal/progress.ts');
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const storage = new EventStorage();
storage.lossNames = ['loss_box'];
const writer = new ProgressWriter({ output: process.stderr });
async function step(iteration) {
  await wait(110);
  storage.startIteration(iteration);
  for (const name of ['seconds', 'total_loss', 'loss_box', 'lr']) storage.scalar(name, iteration);
  writer.afterStep({ iteration, iterations: 100, storage });
}
async function main() {
  if (process.stderr.isTTY) while (process.stderr.columns !== 60) await wait(5);
  await step(1);
  await step(2);
  const progress = new Progress('evaluating');
  for (const done of [1, 2, 3, 4]) {
    await wait(110);
    progress.update(done, 4);
  }
  logLine('a \\x1b[2Jpicture');
  await step(3);
  if (process.stderr.isTTY) {
    process.stderr.write('narrower?');
    while (process.stderr.columns !== 40) await wait(5);
  }
  await step(4);
  writer.afterTrain();
  new Progress('detecting').update(1, 9);
  writeMessage('failed\\nhere');
}
main();
`;

const root = path.resolve(__dirname, '..', '..', '..');
const node = [process.execPath, '-e', PROGRAM];

test('on a terminal, what changes and what is said to stay do not disturb each other', () => {
  const { stdout, stderr } = spawnSync('python3', ['-c', ON_A_TERMINAL, ...node], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  });
  expect(stderr).toBe('');
  const [before, after] = stdout.split('narrower?');
  // No colors, no modes: the cursor moves, and what is behind it goes.
  expect(new Set(before.match(/\x1b\[?\d*[^\d]/g))).toEqual(new Set(['\x1b[J', '\x1b[K', '\x1b[1A']));

  const atEvaluation = new Screen(60).write(before.slice(0, before.indexOf('evaluating 4/4')));
  expect(atEvaluation.text).toMatch(/^evaluating 3\/4 {2}\[#{15}\.{5}\] {2}0:00:00 left$/);

  const screen = new Screen(60).write(before);
  const bar = (width: number, iteration: number): string =>
    `\\[[#.]{${width}}\\]   ${iteration}/100  0:\\d\\d:\\d\\d left\n`;
  expect(screen.text).toMatch(
    new RegExp(
      `^evaluating 4/4, 0\\.\\d s\na \\\\x1b\\[2Jpicture\n${bar(35, 3)}` +
        '0\\.500 it/s  0\\.\\d\\d GiB  lr 3\\.00  loss 2\\.0000  box 2\\.0000$',
    ),
  );
  screen.columns = 40;
  screen.write(after);
  expect(screen.text).toMatch(
    new RegExp(
      `^evaluating 4/4, 0\\.\\d s\na \\\\x1b\\[2Jpicture\n${bar(15, 4)}` +
        '0\\.400 it/s  0\\.\\d\\d GiB  lr 4\\.00\nloss 2\\.5000  box 2\\.5000\nfailed\nhere$',
    ),
  );
});

test('elsewhere lines are plain', () => {
  const { stdout, stderr } = spawnSync(node[0], node.slice(1), { cwd: root, encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^evaluating 4\/4, 0\.\d s\na \\x1b\[2Jpicture\n4\/100 {2}total_loss 2\.5000 {2}.*\nfailed\nhere\n$/,
  );
});

afterEach(() => jest.restoreAllMocks());

test('a log file gets a line for each fifth of a long job', () => {
  let clock = 0;
  const lines: string[] = [];
  jest.spyOn(performance, 'now').mockImplementation(() => clock);
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const progress = new Progress('evaluating');
  for (let done = 1; done <= 100; done++) {
    clock += done < 40 ? 100 : 1000;
    progress.update(done, 100);
  }
  expect(lines).toEqual(
    [41, 60, 80, 100].map((done) => `evaluating ${done}/100${done === 100 ? ', 1 min 05 s' : ''}\n`),
  );
});
