import { BatchMemoryError, PixelBuffers } from '../../../datasets/loader/pixel-buffers';
import { thrownBy } from '../../thrown';

test('a batch that no memory holds is refused with its size', () => {
  // Far more than a process may address, so that nothing is taken.
  const error = thrownBy(() => new PixelBuffers().take(1e15));
  expect(error).toBeInstanceOf(BatchMemoryError);
  expect(error).toMatchObject({ code: 'batch-memory', bytes: 1e15 });
});
