import { membershipOf } from '../../../tools/ranks/membership';
import { firstSlurmHost } from '../../../tools/ranks/slurm';

describe('the place of a process', () => {
  it('is none where the environment says nothing, or that there is one', () => {
    expect(membershipOf({})).toBeUndefined();
    expect(membershipOf({ FASTER_RCNN_HOSTS: 'a', RANK: '0' })).toBeUndefined();
    expect(membershipOf({ RANK: '1' })).toBeUndefined();
  });

  it('comes from a list of hosts', () => {
    const hosts = 'a, b:4000,c.example.org';
    expect(membershipOf({ FASTER_RCNN_HOSTS: hosts, RANK: '1' })).toEqual({
      rank: 1,
      size: 3,
      leader: { host: 'a', port: 29400 },
      port: 4001,
      session: hosts,
      source: 'FASTER_RCNN_HOSTS',
    });
    expect(membershipOf({ FASTER_RCNN_HOSTS: hosts, RANK: '1', FASTER_RCNN_RANK: '2' })?.rank).toBe(2);
  });

  it('comes from TF_CONFIG, whose ports are TensorFlow’s; a chief comes before the workers', () => {
    const cluster = { worker: ['w-0:2222', 'w-1:2222'], chief: ['c:2222'], ps: ['p:2222'] };
    const of = (task: object) => membershipOf({ TF_CONFIG: JSON.stringify({ cluster, task }) });
    expect(of({ type: 'worker', index: '1' })).toMatchObject({
      ...{ rank: 2, size: 3, leader: { host: 'c', port: 2223 }, port: 2222, source: 'TF_CONFIG' },
    });
    expect(of({ type: 'chief', index: 0 })?.rank).toBe(0);
    expect(() => of({ type: 'ps', index: 0 })).toThrow('TF_CONFIG: its task is of type "ps"');
    expect(() => of({ type: 'worker', index: 2 })).toThrow('TF_CONFIG: it has 3 workers and no number 3');
  });

  it('comes from srun; a batch script is no rank', () => {
    const job = { SLURM_JOB_ID: '77', SLURM_NTASKS: '4', SLURM_PROCID: '0' };
    expect(membershipOf(job)).toBeUndefined();
    const step = { SLURM_STEP_NUM_TASKS: '4', SLURM_STEP_NODELIST: 'gpu[07-08]', SLURM_STEP_ID: '1' };
    expect(membershipOf({ ...job, ...step, SLURM_PROCID: '3', SLURM_LOCALID: '1' })).toEqual({
      ...{ rank: 3, size: 4, leader: { host: 'gpu07', port: 21232 }, port: 21234 },
      ...{ session: '77.1', source: 'SLURM_PROCID' },
    });
  });

  it.each([
    ['node[01-04,07],login1', 'node01'],
    ['node3', 'node3'],
    ['a,b', 'a'],
    ['x[9]y', 'x9y'],
  ])('the first machine of %s is %s', (list, first) => {
    expect(firstSlurmHost(list)).toBe(first);
  });

  it.each([
    [{ FASTER_RCNN_HOSTS: 'a,b' }, 'RANK is not set'],
    [{ FASTER_RCNN_HOSTS: 'a,b', RANK: '2' }, 'RANK is "2"; with FASTER_RCNN_HOSTS'],
    [{ FASTER_RCNN_HOSTS: 'a,b', RANK: '' }, 'RANK is ""'],
    [{ FASTER_RCNN_HOSTS: 'a,b c', RANK: '0' }, '"b c" is no host, or HOST:PORT'],
    [{ FASTER_RCNN_HOSTS: 'a,b:70000', RANK: '0' }, '"b:70000" is no host'],
    [{ TF_CONFIG: '{}' }, 'TF_CONFIG: it is no JSON with cluster and task'],
    [{ TF_CONFIG: 'x' }, 'TF_CONFIG: it is no JSON with cluster and task'],
  ])('%j is refused', (environment, message) => {
    expect(() => membershipOf(environment)).toThrow(message);
  });
});
