import { PixelBuffers } from '../../../datasets/loader/pixel-buffers';
import { InputError } from '../../../detection/errors';

test('a batch that no memory holds is refused with its size, and what makes it smaller', () => {
  // Far more than a process may address, so that nothing is taken.
  expect(() => new PixelBuffers().take(1e15)).toThrow(
    new InputError(
      'not enough memory: the pixels of a batch need 1000000000 MB. Smaller data.batchSize, model.minSize or ' +
        'model.maxSize make it less',
    ),
  );
});
