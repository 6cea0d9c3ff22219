import { BatchMemoryError, PixelBuffers } from '../../../datasets/loader/pixel-buffers';

test('a batch that no memory holds is refused with its size', () => {
  // Far more than a process may address, so that nothing is taken.
  expect(() => new PixelBuffers().take(1e15)).toThrow(new BatchMemoryError(1e15));
});
