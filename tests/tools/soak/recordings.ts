import type { MetricsRow } from '../../../tools/run/folder/metrics-file';
import { FAULT_KINDS } from '../../../tools/soak/fault-plan';
import type { FaultRecord, LifeRecord, Phase, RunRecord, SoakRecording } from '../../../tools/soak/recording';
import type { ProbeSample } from '../../../tools/soak/trainer-probe';

const STEPS = 4000;

function samples(): ProbeSample[] {
  return Array.from({ length: STEPS }, (_, k) => ({
    iteration: k + 1,
    tensors: 331,
    tensorBytes: 41_524_052,
    // Grows to its size, then goes up and down.
    residentBytes: 6e8 - 2e8 * Math.exp(-k / 30) + 2e7 * Math.sin(k / 7),
    heapBytes: 8e7 + 1e5 * (k % 50),
    threads: 21,
    openFiles: 35,
  }));
}

function life(phase: Phase): LifeRecord {
  const end = { status: 0, signal: null, savedAt: null, because: 'done', problems: [] };
  return { phase, started: 0, ended: 90, ...end, samples: samples() };
}

function run(phase: Phase): RunRecord {
  const rows = Array.from({ length: STEPS }, (_, k): MetricsRow => ({
    iteration: k + 1,
    total_loss: 2 * Math.exp(-k / 500),
    seconds: k,
    ...((k + 1) % 50 === 0 && { 'val/AP': 0.25 }),
  }));
  return {
    phase,
    rows,
    brokenLines: 0,
    links: { last: 'checkpoints/0004000', best: 'checkpoints/0000050' },
    checkpoints: { '0004000/model.safetensors': 'abc', '0000050/model.safetensors': 'def' },
    events: { problems: [], steps: rows.map(({ iteration }) => iteration) },
    leftovers: [],
    evaluations: [
      { link: 'last', status: 0, ap: 0.25 },
      { link: 'best', status: 0, ap: 0.25 },
    ],
    leftOut: phase === 'skipping' ? ['images/1.jpg: the file is empty'] : [],
  };
}

function fault(kind: FaultRecord['kind']): FaultRecord {
  const picture = kind === 'lost picture' ? { picture: '1.jpg' } : {};
  return { phase: 'faults', kind, at: 10, iteration: 5, done: kind, said: '', problems: [], ...picture };
}

/** Of a soak in which everything went as it should. */
export function goodRecording(): SoakRecording {
  return {
    seed: 0,
    minutes: 30,
    checkpointEvery: 25,
    impossible: [],
    lives: [life('faults'), life('skipping'), life('control')],
    faults: FAULT_KINDS.map(fault),
    runs: [run('faults'), run('skipping'), run('control')],
    leftProcesses: [],
  };
}
