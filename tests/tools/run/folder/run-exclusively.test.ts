import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runExclusively } from '../../../../tools/run/folder/run-exclusively';

test('that the folder has been taken away is said, whatever comes to need it', async () => {
  const output = path.join(mkdtempSync(path.join(tmpdir(), 'hold-')), 'run');
  const lost = runExclusively({ output, resume: false }, () => {
    rmSync(output, { recursive: true });
    appendFileSync(path.join(output, 'metrics.jsonl'), '');
    return Promise.resolve();
  });
  await expect(lost).rejects.toMatchObject({ code: 'run-gone', facts: { output } });
  rmSync(path.dirname(output), { recursive: true });
});
