import fc from 'fast-check';
import path from 'node:path';
import { parseTemporaryName, removedName, temporaryName } from '../../../detection/files/temporary-names';

test('stand beside what is written, with the number of the process', () => {
  expect(temporaryName('runs/first/last')).toBe(`runs/first/.last.${process.pid}.tmp`);
  expect(temporaryName('runs/first/')).toBe(`runs/.first.${process.pid}.tmp`);
  expect(removedName('a.b')).toBe(`.a.b.${process.pid}.tmp.removed`);
});

test('are known for what they are, whatever the name', () => {
  const name = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !text.includes('/') && !['.', '..'].includes(text));
  fc.assert(
    fc.property(name, (target) => {
      const { pid } = process;
      const of = (file: string) => parseTemporaryName(path.basename(file));
      expect(of(temporaryName(target))).toEqual({ target, pid, isRemoved: false });
      expect(of(removedName(target))).toEqual({ target, pid, isRemoved: true });
    }),
  );
});

test.each(['a', '.a', 'a.1.tmp', '.1.tmp', '.a.tmp', '.a.x.tmp', '.a.1.tmp.', '.a.1.tmp.gone', '.lock.1'])(
  '%s is none',
  (name) => expect(parseTemporaryName(name)).toBeUndefined(),
);
