/** How long ranks wait for each other, in milliseconds. */
export interface Timing {
  /** Between signs of life. */
  readonly beat: number;
  /** Without any, a rank counts as lost. */
  readonly silence: number;
  /** After the last sign of life of one, all others have ended, if need be by force. */
  readonly deadline: number;
  /** Until all have come. */
  readonly arrival: number;
}

export const TIMING: Timing = { beat: 1000, silence: 8000, deadline: 14_000, arrival: 300_000 };
