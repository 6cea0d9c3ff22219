import { spawn } from 'node:child_process';

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options] `onLine` gets each
 *   line of what the program prints
 * @returns {Promise<{ found: boolean, status: number, output: string }>} `found` is false where there is no such
 *   program; `output` is standard output and standard error, as they came
 */
export function runCommand(program, args, { cwd, env = process.env, onLine } = {}) {
  return new Promise((resolve, reject) => {
    // On Windows npm is a script, which only a shell starts.
    const shell = process.platform === 'win32';
    const child = spawn(program, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let rest = '';
    const collect = (/** @type {string} */ text) => {
      output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (onLine) lines.forEach(onLine);
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'ENOENT') resolve({ found: false, status: 127, output: '' });
      else reject(error);
    });
    child.on('close', (code) => resolve({ found: true, status: code ?? 128, output }));
  });
}

/**
 * The end of a program's output, indented, for an error message.
 * @param {string} output
 * @param {number} [lines]
 */
export function lastLines(output, lines = 8) {
  const kept = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines);
  return kept.map((line) => `    ${line.trimEnd()}`).join('\n');
}
