import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// The program as users run it: only a process of its own has a standard output that can be given away.
const program = path.resolve(__dirname, '../../../tools/rcnn.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'output-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a line of a shell, in which `rcnn` is the program. */
function shell(line: string): { status: number | null; stderr: string } {
  const script = `rcnn() { "${process.execPath}" "${program}" "$@"; }; ${line}`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder });
  return { status, stderr };
}

test('a full disk is one line, and status 2', () => {
  expect(shell('rcnn help detect > /dev/full')).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^standard output: cannot be written: ENOSPC: .*\n$/) as string,
  });
});

test('so is a disk that takes only a part of a file', () => {
  const limited = `trap '' XFSZ; ulimit -f 1; rcnn config --model fasterrcnn_tiny_fpn > part`;
  expect(shell(limited)).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^standard output: cannot be written: EFBIG: .*\n$/) as string,
  });
  expect(readFileSync(path.join(folder, 'part'))).toHaveLength(1024);
});

test('a reader that has read enough is no failure', () => {
  expect(shell('set -o pipefail; rcnn config --model fasterrcnn_tiny_fpn | head -n 1 > /dev/null')).toEqual({
    status: 0,
    stderr: '',
  });
});
