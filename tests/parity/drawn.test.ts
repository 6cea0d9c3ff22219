import { expectParity } from './expect-parity';
import { smallCase } from './fixture';

describe(`${smallCase.model} against torchvision, drawn pictures`, () => {
  expectParity(smallCase);
});
