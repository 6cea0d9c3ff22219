import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventFile, eventFiles } from '../../../detection/engine/writers/tensorboard/event-file';
import { startEvent, summaryEvent, versionEvent } from '../../../detection/engine/writers/tensorboard/events';
import { histogramValue, scalarValue } from '../../../detection/engine/writers/tensorboard/summaries';
import { readEventSteps } from '../../../tools/soak/event-steps';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'events-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(): string {
  const file = new EventFile(folder);
  file.append(versionEvent(1.5));
  file.append(startEvent(1.5, 1));
  for (const step of [1, 2, 300]) {
    file.append(summaryEvent(2.5, step, [scalarValue('lr', 0.1), scalarValue('total_loss', step)]));
  }
  file.append(
    summaryEvent(3, 301, [
      histogramValue('total_loss/of', { min: 0, max: 1, counts: Float64Array.of(1, 2) }),
    ]),
  );
  file.close();
  return path.join(folder, eventFiles(folder)[0]);
}

test('steps of a scalar, of all that the writer writes', () => {
  expect(readEventSteps(write(), 'total_loss')).toEqual({ steps: [1, 2, 300], problem: undefined });
});

test('a record that is cut off ends the file; a damaged one is told', () => {
  const file = write();
  const bytes = readFileSync(file);
  for (const length of [bytes.length - 1, bytes.length - 30]) {
    writeFileSync(file, bytes.subarray(0, length));
    expect(readEventSteps(file, 'total_loss')).toEqual({ steps: [1, 2, 300], problem: undefined });
  }
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
  expect(readEventSteps(file, 'total_loss').problem).toMatch(/^the record at byte \d+ is damaged$/);
});
