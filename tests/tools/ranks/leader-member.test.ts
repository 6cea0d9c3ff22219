import { createConnection, createServer, type AddressInfo } from 'node:net';
import { Leader, type Report } from '../../../tools/ranks/leader';
import { Member } from '../../../tools/ranks/member';
import type { Hello } from '../../../tools/ranks/messages';
import type { Timing } from '../../../tools/ranks/timing';
import { until } from '../../until';

const timing: Timing = { beat: 10, silence: 150, deadline: 1000, arrival: 3000 };
const statement = { iterations: '100', 'optimizer.lr': '0.02' };

function helloOf(rank: number, more: Partial<Hello> = {}): Hello {
  const common = { kind: 'hello', version: '1.0.0', session: 'job 7', size: 2, statement } as const;
  return { ...common, rank, host: `machine${rank}`, port: 5000 + rank, ...more };
}

/** A leader or a member, and what it has reported. */
interface Place {
  readonly reports: Report[];
  close(reason?: string): void;
}

const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) {
    place.close('the test is over');
    await until(() => place.reports.some(({ kind }) => kind === 'closed'));
  }
});

function placeOf(make: (report: (report: Report) => void) => { close(reason?: string): void }): Place {
  const reports: Report[] = [];
  const made = make((report) => reports.push(report));
  const place = { reports, close: (reason?: string) => made.close(reason) };
  places.push(place);
  return place;
}

async function lead(more: Partial<Hello> = {}, times: Partial<Timing> = {}, port = 0) {
  const options = { listen: { host: '127.0.0.1', port }, task: 'the task', timing: { ...timing, ...times } };
  const place = placeOf((report) => new Leader({ own: helloOf(0, more), ...options }, report));
  await until(() => place.reports.length > 0);
  const [first] = place.reports;
  return { ...place, port: first.kind === 'listening' ? first.port : NaN };
}

function follow(port: number, rank: number, more: Partial<Hello> = {}, times: Partial<Timing> = {}): Place {
  const leader = { host: '127.0.0.1', port };
  const options = { own: helloOf(rank, more), leader, timing: { ...timing, ...times } };
  return placeOf((report) => new Member(options, report));
}

const said = (place: Place, kind: Report['kind']): Report | undefined =>
  place.reports.find((report) => report.kind === kind);

async function hear(place: Place, kind: Report['kind']): Promise<Report> {
  await until(() => said(place, kind) !== undefined);
  return said(place, kind)!;
}

test('when all have come, all know where the others are and what to do; and leave one after the other', async () => {
  const leader = await lead({ size: 3 });
  const members = [2, 1].map((rank) => follow(leader.port, rank, { size: 3 }));
  const addresses = ['127.0.0.1:5000', '127.0.0.1:5001', '127.0.0.1:5002'];
  for (const place of [leader, ...members]) {
    expect(await hear(place, 'welcome')).toMatchObject({ addresses, task: 'the task' });
  }
  leader.close();
  members[0].close();
  await hear(members[0], 'closed');
  expect(said(leader, 'closed')).toBeUndefined();
  members[1].close();
  await hear(leader, 'closed');
  for (const place of [leader, ...members]) expect(said(place, 'lost')).toBeUndefined();
});

test('a rank may come before rank 0', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await until(() => server.listening);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const early = follow(port, 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await lead({}, {}, port);
  await hear(early, 'welcome');
});

test.each([
  [{ size: 4 }, 'rank 1 (machine1) cannot take part: it is one of 4 ranks, rank 0 is one of 2'],
  [{ version: '1.1.0' }, 'it runs version 1.1.0, rank 0 1.0.0'],
  [{ statement: { ...statement, 'optimizer.lr': '0.01' } }, 'it has optimizer.lr 0.01, rank 0 0.02'],
])('%j ends both with one message', async (more, message) => {
  const leader = await lead();
  const member = follow(leader.port, 1, more);
  for (const place of [leader, member]) {
    const refused = await hear(place, 'refused');
    expect(refused).toMatchObject({ reason: expect.stringContaining(message) as string });
  }
});

test('one that has not been told what to train is told', async () => {
  const leader = await lead();
  await hear(follow(leader.port, 1, { statement: null }), 'welcome');
});

test('strangers, and those who come twice, are refused; the others go on', async () => {
  const leader = await lead({ size: 3 });
  const first = follow(leader.port, 1, { size: 3 });
  const stranger = follow(leader.port, 2, { size: 3, session: 'job 8' });
  expect(await hear(stranger, 'refused')).toMatchObject({
    reason: expect.stringContaining('another job') as string,
  });
  const noise = createConnection({ host: '127.0.0.1', port: leader.port });
  noise.write('GET / HTTP/1.1\n');
  await new Promise((resolve) => noise.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = follow(leader.port, 1, { size: 3, host: 'elsewhere' });
  expect(await hear(second, 'refused')).toMatchObject({
    reason:
      'rank 1 (elsewhere) cannot take part: rank 1 has come already, from machine1; start each rank once',
  });
  follow(leader.port, 2, { size: 3 });
  for (const place of [leader, first]) await hear(place, 'welcome');
});

test('one that does not come is named; so is rank 0', async () => {
  const leader = await lead({ size: 4 }, { arrival: 200 });
  follow(leader.port, 2, { size: 4 });
  expect(await hear(leader, 'refused')).toMatchObject({
    reason: expect.stringMatching(/^rank 1, rank 3 of 4 has not come within 0 s; start every rank/) as string,
  });
  const alone = follow(leader.port, 1, {}, { arrival: 100 });
  expect(await hear(alone, 'refused')).toMatchObject({
    reason: expect.stringMatching(
      /^rank 0 cannot be reached at 127.0.0.1:\d+ within 0 s \(ECONNREFUSED\)/,
    ) as string,
  });
});

test('a port that is taken is named', async () => {
  const { port } = await lead();
  const second = await lead({}, {}, port);
  expect(await hear(second, 'refused')).toMatchObject({
    reason: `rank 0 cannot listen on port ${port}: another process has it; give another port to all ranks`,
  });
});

describe('of three that are together', () => {
  async function together(times: readonly Partial<Timing>[] = [{}, {}, {}]) {
    const leader = await lead({ size: 3 }, times[0]);
    const members = [1, 2].map((rank) => follow(leader.port, rank, { size: 3 }, times[rank]));
    for (const place of [leader, ...members]) await hear(place, 'welcome');
    return [leader, ...members];
  }

  test('one that fails says why, to all', async () => {
    const [leader, failing, other] = await together();
    failing.close('the disk is full');
    for (const place of [leader, other]) {
      expect(await hear(place, 'lost')).toMatchObject({
        reason: 'rank 1 (machine1) has stopped: the disk is full',
      });
    }
    expect(said(other, 'lost')).toMatchObject({ isTold: true });
  });

  test('rank 0 does so too', async () => {
    const [leader, ...members] = await together();
    leader.close('the disk is full');
    for (const place of members) {
      expect(await hear(place, 'lost')).toMatchObject({
        reason: 'rank 0 (machine0) has stopped: the disk is full',
      });
    }
  });

  test('one that does not answer is lost, for all', async () => {
    // It beats too seldom.
    const [leader, , other] = await together([{}, { beat: 60_000 }, {}]);
    for (const place of [leader, other]) {
      expect(await hear(place, 'lost')).toMatchObject({
        reason: expect.stringMatching(
          /^rank 1 \(machine1\) has not answered for \d+ s\. .*--resume$/,
        ) as string,
      });
    }
  });

  test('rank 0 that does not answer is lost, for each of them', async () => {
    const [, ...members] = await together([{ beat: 60_000 }, {}, {}]);
    for (const place of members) {
      const reason = expect.stringMatching(/^rank 0 \(127\.0\.0\.1\) has not answered/) as string;
      expect(await hear(place, 'lost')).toMatchObject({ reason, isTold: false });
    }
  });
});
