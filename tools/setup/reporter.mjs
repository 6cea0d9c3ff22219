import { performance } from 'node:perf_hooks';

/** Between two lines of progress where the stream is no terminal, in milliseconds. */
const LINE_INTERVAL = 5000;

/** Says on a stream what set-up does and how long it takes: a line that moves on a terminal, plain lines elsewhere. */
export class Reporter {
  #stream;
  #quiet;
  #moving = false;
  #lastLine = 0;

  /**
   * @param {NodeJS.WriteStream} stream
   * @param {{ quiet: boolean }} options `quiet` leaves out what is there already
   */
  constructor(stream, { quiet }) {
    this.#stream = stream;
    this.#quiet = quiet;
  }

  /** @param {string} text */
  line(text) {
    if (this.#moving) this.#stream.write('\r\x1b[K');
    this.#moving = false;
    this.#stream.write(`set-up: ${text}\n`);
  }

  /**
   * A thing that needs no work.
   * @param {string} text
   * @param {number} milliseconds that the check took
   */
  present(text, milliseconds) {
    if (!this.#quiet) this.line(`${text} (${formatDuration(milliseconds)})`);
  }

  /**
   * Announces work, does it, and says how long it took.
   * @template T
   * @param {string} text
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async step(text, work) {
    const start = performance.now();
    this.line(`${text} ...`);
    this.#lastLine = start;
    const result = await work();
    this.line(`${text}: done in ${formatDuration(performance.now() - start)}`);
    return result;
  }

  /** @param {string} text how far the running step is */
  progress(text) {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[Kset-up:   ${text}`);
      this.#moving = true;
    } else if (performance.now() - this.#lastLine >= LINE_INTERVAL) {
      this.line(`  ${text}`);
      this.#lastLine = performance.now();
    }
  }
}

/** @param {number} milliseconds */
function formatDuration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
