import { BatchMemoryError } from '../../../datasets/loader/pixel-buffers';
import { WorkerDeathError } from '../../../datasets/loader/worker-death';
import { DownloadError } from '../../../weights/published/download';
import { messageWithHint } from '../../../tools/run/loading-hints';

test('a batch that no memory holds: what makes it smaller', () => {
  expect(messageWithHint(new BatchMemoryError(1e15))).toBe(
    'not enough memory: the pixels of a batch need 1000000000 MB. Reduce data.batchSize, model.minSize or ' +
      'model.maxSize',
  );
});

test('workers that may open no more files: that fewer of them need fewer', () => {
  const error = (text: string) => new WorkerDeathError({ cause: new Error(text), pictures: [] }, 3);
  expect(messageWithHint(error("EMFILE: too many open files, open 'a.png'"))).toBe(
    '3 worker threads have died in a row at the same batch, the last: ' +
      "EMFILE: too many open files, open 'a.png'. Too many files are open; raise the limit (ulimit -n), or " +
      'reduce data.workers',
  );
  const other = error('something else');
  expect(messageWithHint(other)).toBe(other.message);
});

test('downloads that cannot be written: where else they can go', () => {
  const error = (code: string) =>
    new DownloadError(code, '/c/w.pth', '/c/w.pth: cannot be written: EACCES', {});
  expect(messageWithHint(error('download-unwritable'))).toBe(
    '/c/w.pth: cannot be written: EACCES. FASTER_RCNN_CACHE names another folder for what is downloaded',
  );
  expect(messageWithHint(error('download-size'))).toBe('/c/w.pth: cannot be written: EACCES');
});

test('any other error: its message', () => {
  expect(messageWithHint(new Error('no'))).toBe('no');
});
