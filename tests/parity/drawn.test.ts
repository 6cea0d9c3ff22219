import { expectParity } from './expect-parity';
import { smallCases } from './fixture';

describe.each(smallCases)('$model against torchvision, drawn pictures', (parityCase) => {
  expectParity(parityCase);
});
