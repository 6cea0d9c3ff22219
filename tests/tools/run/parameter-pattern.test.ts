import { matchesPattern, requireMatch } from '../../../tools/run/parameter-pattern';

const NAME = 'backbone.body.layer1.0.conv1.weight';

it.each([
  [NAME, true],
  ['backbone', true],
  ['backbone.body.layer1', true],
  ['*', true],
  ['*.weight', true],
  ['backbone.*.conv1', true],
  ['back*', true],
  ['backbone.body.layer', false],
  ['backbone.body.layer1.0.conv', false],
  ['body', false],
  ['*.bias', false],
  ['backbone.body.layer1.0.conv1.weight.data', false],
  ['backbone.body.layer1..', false],
  ['backbone|rpn', false],
  ['(backbone', false],
])('the pattern %s', (pattern, expected) => {
  expect(matchesPattern(pattern, NAME)).toBe(expected);
});

it('a pattern without a match is refused, with what it looks like', () => {
  const names = [NAME, 'rpn.head.cls_logits.bias'];
  expect(() => requireMatch('model.freeze[0]', 'rpn.*', names)).not.toThrow();
  for (const [pattern, meant] of [
    ['rpn.heads', 'rpn.head'],
    ['transformer', undefined],
  ] as const) {
    expect(() => requireMatch('model.freeze[0]', pattern, names)).toThrow(
      expect.objectContaining({
        name: 'InputError',
        code: 'no-parameter',
        facts: { key: 'model.freeze[0]', pattern, meant },
      }) as Error,
    );
  }
});
