import type { MetricsRow } from '../run/folder/metrics-file';
import type { FaultKind } from './fault-plan';
import type { ProbeSample } from './trainer-probe';

/** `faults`: every fault is got over, to the bit. `skipping`: pictures break for good. `control`: nothing happens. */
export type Phase = 'faults' | 'skipping' | 'control';

/** One process that trained. */
export interface LifeRecord {
  readonly phase: Phase;
  /** Seconds since the soak began. */
  readonly started: number;
  readonly ended: number;
  readonly status: number | null;
  readonly signal: string | null;
  /** The step at which it was saved when it was stopped; null where it was not. */
  readonly savedAt: number | null;
  /** How it was to end: a fault, or `done`. */
  readonly because: string;
  /** What was wrong with how it began or ended; empty where nothing was. */
  readonly problems: readonly string[];
  /** Taken as it wrote each row of its metrics. */
  readonly samples: readonly ProbeSample[];
}

/** One fault that was injected. */
export interface FaultRecord {
  readonly phase: Phase;
  readonly kind: FaultKind;
  /** Seconds since the soak began. */
  readonly at: number;
  /** Steps that the run had done. */
  readonly iteration: number;
  /** What was done. */
  readonly done: string;
  /** What the run said to it. */
  readonly said: string;
  /** What was not as documented; empty where all was. */
  readonly problems: readonly string[];
  /** The picture that is broken from then on. */
  readonly picture?: string;
}

/** `rcnn evaluate` of one of a run's links, after the run. */
export interface EvaluationRecord {
  readonly link: 'last' | 'best';
  readonly status: number | null;
  /** COCO's AP; undefined where the command failed. */
  readonly ap: number | undefined;
}

/** What a run has left in its folder. */
export interface RunRecord {
  readonly phase: Phase;
  readonly rows: readonly MetricsRow[];
  /** Lines of `metrics.jsonl` that are no row. */
  readonly brokenLines: number;
  /** What `last` and `best` lead to. */
  readonly links: Readonly<Record<string, string>>;
  /** SHA-256 of each file of weights and of optimizer state, by its name. */
  readonly checkpoints: Readonly<Record<string, string>>;
  /** Of the event files: what is wrong with them, and the steps that they hold losses of. */
  readonly events: { readonly problems: readonly string[]; readonly steps: readonly number[] };
  /** Names of locks and of files that nobody finished. */
  readonly leftovers: readonly string[];
  readonly evaluations: readonly EvaluationRecord[];
  /** Why each picture that broke during the run is left out, as `left-out.json` tells it. */
  readonly leftOut: readonly string[];
}

/** All that is known of a soak: what its checks and its report are made from. */
export interface SoakRecording {
  readonly seed: number;
  readonly minutes: number;
  readonly checkpointEvery: number;
  /** Kinds of faults that this machine does not let be injected, and why. */
  readonly impossible: readonly { readonly kind: FaultKind; readonly reason: string }[];
  readonly lives: readonly LifeRecord[];
  readonly faults: readonly FaultRecord[];
  readonly runs: readonly RunRecord[];
  /** Command lines of processes that were still there at the end. */
  readonly leftProcesses: readonly string[];
}
