import { InputError } from '../../../detection/errors';
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

it('a pattern without a match is refused, with what it looks like or how names look', () => {
  const names = [NAME, 'rpn.head.cls_logits.bias'];
  expect(() => requireMatch('model.freeze[0]', 'rpn.*', names)).not.toThrow();
  const refuse = (pattern: string) => () => requireMatch('model.freeze[0]', pattern, names);
  expect(refuse('rpn.heads')).toThrow(InputError);
  expect(refuse('rpn.heads')).toThrow(
    'model.freeze[0]: no parameter of the model is called "rpn.heads"; did you mean rpn.head?',
  );
  expect(refuse('transformer')).toThrow(`its parameters have names like ${NAME}`);
});
