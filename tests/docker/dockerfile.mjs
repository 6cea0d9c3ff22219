// The instructions of the Dockerfile, as far as this one uses them.

import fs from 'node:fs';

/**
 * @typedef {object} Instruction
 * @property {string} name RUN, COPY, ...
 * @property {string} text what follows it, on one line
 */

/**
 * @param {string} file
 * @returns {{ arguments: Record<string, string>, stages: { from: string, name?: string, instructions: Instruction[] }[] }}
 */
export function readDockerfile(file) {
  const lines = fs
    .readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const result = { arguments: {}, stages: [] };
  for (const line of lines) {
    const [, name, text] = /^([A-Z]+) (.*)$/.exec(line);
    if (name === 'ARG') {
      const [key, value] = text.split('=');
      result.arguments[key] = value;
    } else if (name === 'FROM') {
      const [from, , as] = text.split(' ');
      result.stages.push({ from, ...(as && { name: as }), instructions: [] });
    } else {
      result.stages.at(-1).instructions.push({ name, text });
    }
  }
  return result;
}
