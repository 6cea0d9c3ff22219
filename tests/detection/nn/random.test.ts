import { RandomStream } from '../../../detection/nn/random';

const draws = (stream: RandomStream): number[] => Array.from({ length: 5 }, () => stream.uniform());

test('a part of a stream is the same whatever has been drawn before', () => {
  const [fresh, used] = [new RandomStream(7, 'noise'), new RandomStream(7, 'noise')];
  draws(used);
  used.seek(3);
  draws(used);
  for (const stream of [fresh, used]) stream.seek(12);
  expect(draws(used)).toEqual(draws(fresh));
});

test('a part is the stream of that name: of other parts, seeds and streams the numbers are others', () => {
  const part = (seed: number, name: string, of: string | number): number[] => {
    const stream = new RandomStream(seed, name);
    stream.seek(of);
    return draws(stream);
  };
  const expected = draws(new RandomStream(7, 'noise/5'));
  expect(part(7, 'noise', 5)).toEqual(expected);
  expect(part(7, 'noise', '5')).toEqual(expected);
  const others = [
    part(7, 'noise', 6),
    part(8, 'noise', 5),
    part(7, 'order', 5),
    part(7, 'noise', 'validation/5'),
  ];
  for (const other of [...others, draws(new RandomStream(7, 'noise'))]) expect(other).not.toEqual(expected);
});

test('a stream goes on where its state says, after a part too', () => {
  const stream = new RandomStream(7, 'noise');
  stream.normal();
  const { state } = stream;
  const expected = draws(stream);
  stream.seek('validation/0');
  draws(stream);
  stream.state = state;
  expect(draws(stream)).toEqual(expected);
  // The part's name is the stream's and the part's, not that of the part before.
  stream.seek(1);
  stream.seek(2);
  expect(draws(stream)).toEqual(draws(new RandomStream(7, 'noise/2')));
});
