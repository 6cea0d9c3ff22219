import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadBackend } from '../../../../detection/backend/node';
import { DivergenceError } from '../../../../detection/engine/divergence-error';
import { EventStorage } from '../../../../detection/events/event-storage';
import type { TrainingState } from '../../../../detection/engine/hooks';
import { Sgd } from '../../../../detection/engine/sgd';
import { DivergencePolicy } from '../../../../tools/run/hooks/divergence-policy';
import { ToyModel } from '../../../detection/engine/toy-model';

let output: string;
let model: ToyModel;
let told: string;
beforeAll(() => loadBackend());
beforeEach(() => {
  output = mkdtempSync(path.join(tmpdir(), 'divergence-'));
  model = new ToyModel();
  told = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((told += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  model.dispose();
  rmSync(output, { recursive: true });
});

function makePolicy(policy: 'stop' | 'skip' | 'rollback', diverged: readonly number[] = []) {
  const resumable = { model, optimizer: new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 }) };
  const made = new DivergencePolicy({ policy, output, resumable, resumeCommand: 'go on' });
  made.restore(diverged);
  const storage = new EventStorage();
  const at = (iteration: number) => () => {
    const step = { iteration, losses: { loss: NaN }, learningRate: 0.1, batch: 'image 7', gradientNorms: {} };
    made.handle(new DivergenceError(step), { storage } as TrainingState);
  };
  return { policy: made, storage, at };
}

const rows = (): { iteration: number; action: string; message: string }[] =>
  readFileSync(path.join(output, 'divergence.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { iteration: number; action: string; message: string });

it('skips ten iterations in a row and no more; those of before a resume count', () => {
  const { policy, storage, at } = makePolicy('skip', [2, 4, 5]);
  for (let iteration = 6; iteration <= 13; iteration++) expect(at(iteration)).not.toThrow();
  expect(storage.latest('diverged_iterations')!.value).toBe(11);
  expect(policy.state()).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  expect(at(14)).toThrow(
    /iteration 14: loss NaN .* The 10 iterations before it have been skipped, too, which is the limit\.$/,
  );
  expect(at(15)).not.toThrow(); // 14 has not been skipped
  expect(
    rows()
      .map(({ iteration, action }) => `${iteration} ${action}`)
      .slice(-3),
  ).toEqual(['13 skipped', '14 stopped', '15 skipped']);
  expect(told.split('\n')[0]).toMatch(
    /^training diverged in iteration 6: .*image 7.* The iteration is skipped\.$/,
  );
});

it('stops where there is nothing to go back to, and where it is told to', () => {
  expect(makePolicy('rollback').at(1)).toThrow(
    /There is no earlier checkpoint to return to\. To start again without it: .* --on-divergence skip$/,
  );
  expect(makePolicy('stop').at(3)).toThrow(/To start again without it: go on --on-divergence skip$/);
  expect(rows().map(({ action }) => action)).toEqual(['stopped', 'stopped']);
  expect(told).toBe('');
});

it('drops what it has written of iterations that are now done again', () => {
  const { policy, at } = makePolicy('skip');
  for (const iteration of [3, 5, 8]) at(iteration)();
  policy.beforeTrain({ iteration: 5 } as TrainingState);
  expect(rows().map(({ iteration }) => iteration)).toEqual([3, 5]);
});

it('takes nothing back but iterations', () => {
  const { policy } = makePolicy('skip', [2]);
  for (const state of [null, 3, ['3'], { 0: 3 }]) {
    expect(() => policy.restore(state)).toThrow('it is not a list of iterations');
  }
  expect(policy.state()).toEqual([2]);
});
