/** Minutes of work: `npm run test:parity` runs these, `npm test` does not. */
import { describeShared } from '../shared';
import { expectParity } from './expect-parity';
import { largeCases } from './fixture';

describeShared.each(largeCases)('$model against torchvision, $pictures', (parityCase) => {
  expectParity(parityCase);
});
