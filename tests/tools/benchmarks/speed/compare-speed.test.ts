import { compareSpeed } from '../../../../tools/benchmarks/speed/compare-speed';
import type { ProgramCall } from '../../../../tools/benchmarks/child-process';
import type {
  Form,
  Reported,
  Rival,
  SpeedCase,
  Workplace,
} from '../../../../tools/benchmarks/speed/speed-case';

/** A program that prints what it is given. */
const printing = (line: string): ProgramCall => ({
  program: '/bin/echo',
  args: [line],
});

function form(name: string, reported: Partial<Reported>): Form {
  const line = JSON.stringify({ seconds: 1, disturbed: false, ...reported });
  return { name, call: printing(line), parse: (printed) => JSON.parse(printed) as Reported };
}

const failing: Form = {
  name: 'failing',
  call: { program: '/bin/sh', args: ['-c', 'echo no memory >&2; exit 1'] },
};

const workplace = { signal: new AbortController().signal } as Workplace;

function compare(ours: Form, rivals: readonly Rival[], rounds = 1, said: string[] = []) {
  const speedCase: SpeedCase = {
    ...{ name: 'case', what: 'the work', rounds },
    prepare: () => Promise.resolve({ ours, rivals }),
  };
  return compareSpeed(speedCase, workplace, (line) => said.push(line));
}

test('the fastest form of a rival counts, with its own memory', async () => {
  const { rivals } = await compare(form('ours', { seconds: 2, megabytes: 300 }), [
    {
      name: 'torch',
      forms: [
        form('contiguous', { seconds: 5, megabytes: 100 }),
        form('channels_last', { seconds: 4, megabytes: 600 }),
      ],
    },
  ]);
  expect(rivals).toHaveLength(1);
  expect(rivals[0].best).toEqual({ form: 'channels_last', timeRatio: 0.5, memoryRatio: 0.5 });
  expect(rivals[0].forms['contiguous']).toMatchObject({ seconds: 5, megabytes: 100 });
});

test('all sides run by turns', async () => {
  const said: string[] = [];
  const forms = [form('contiguous', {}), form('channels_last', {})];
  await compare(form('ours', {}), [{ name: 'torch', forms }], 2, said);
  const turn = ['ours', 'torch, contiguous', 'torch, channels_last'];
  expect(said).toEqual(
    [1, 2].flatMap((round) => turn.map((side) => `the work: round ${round} of 2, ${side}`)),
  );
});

test('a rival that is not installed, or fails, is told and the others go on', async () => {
  const { rivals, ours } = await compare(
    form('ours', { seconds: 3 }),
    [
      { name: 'absent', missing: 'not installed: python -m pip install absent' },
      { name: 'broken', forms: [failing, form('whole', { seconds: 6 })] },
      { name: 'wholly broken', forms: [failing] },
    ],
    2,
  );
  expect(ours.seconds).toBe(3);
  expect(rivals[0]).toEqual({
    name: 'absent',
    forms: {},
    missing: ['not installed: python -m pip install absent'],
  });
  expect(rivals[1]).toMatchObject({ best: { form: 'whole', timeRatio: 0.5 } });
  expect(rivals[1].missing).toEqual([expect.stringMatching(/^failing: .* failed: no memory$/)]);
  expect(rivals[2].best).toBeUndefined();
  expect(rivals[2].missing).toHaveLength(1);
});

test('ours has to run', async () => {
  await expect(compare(failing, [])).rejects.toMatchObject({ code: 'program-failed' });
});

test('a side that says that it was disturbed marks the case', async () => {
  const forms = [form('whole', { disturbed: true })];
  expect((await compare(form('ours', {}), [{ name: 'torch', forms }])).disturbed).toBe(true);
});

test('without a line to read, the whole process is timed', async () => {
  const busy = 'const end = Date.now() + 60; while (Date.now() < end);';
  const { ours } = await compare(
    { name: 'ours', call: { program: process.execPath, args: ['-e', busy] } },
    [],
  );
  expect(ours.seconds).toBeGreaterThan(0.06);
  expect(ours.cpuSeconds).toBeGreaterThan(0);
});
